"""Attempts with a credential that was known once: recorded in the audit of whom they aim at, but seldom.

A stranger with a used token must not be able to fill the store, so one record a credential and reason is kept within
ten minutes. What was never known aims at nobody: it is refused and only counted in the metrics.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from controlplane.domain.audit import AuditRecord
from controlplane.domain.errors import DomainError
from controlplane.services.ports import Clock, Store

AGAIN_AFTER = timedelta(minutes=10)
REMEMBERED = 10_000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which credential (`jt_…`, `mk_…`, `dp_…`) was refused for what reason, and where it came from.

    `tenant_id` empty: that of the workspace.
    """

    credential: str
    reason: str
    origin: str
    tenant_id: str = ""
    workspace_id: str = ""


class RefusedAttempts:
    """Remembers what it has recorded; made once."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._again_at: dict[tuple[str, str], datetime] = {}

    async def note(self, attempt: Attempt) -> None:
        """Record it, unless it was within ten minutes. A store that cannot take it does not undo the refusal."""
        key, now = (attempt.credential, attempt.reason), self._clock.now()
        if self._again_at.get(key, now) > now:
            return
        self._remember(key, now + AGAIN_AFTER)
        try:
            await self._record(attempt)
        except DomainError as error:
            self._again_at.pop(key, None)
            log.warning("a refused attempt of %s (%s) is not in the audit: %s", *key, error.message)

    async def _record(self, attempt: Attempt) -> None:
        async with self._store.unit_of_work() as work:
            tenant_id = attempt.tenant_id
            if not tenant_id:
                workspace = await work.workspaces.get(attempt.workspace_id)
                tenant_id = workspace.tenant_id if workspace else ""
            record = AuditRecord(
                tenant_id=tenant_id,
                sequence=0,
                recorded_at=await work.now(),
                actor=attempt.credential,
                action="credential.refused",
                workspace_id=attempt.workspace_id,
                subject=attempt.credential,
                origin=attempt.origin,
                details={"reason": attempt.reason},
            )
            await work.audit.append(record)

    def _remember(self, key: tuple[str, str], until: datetime) -> None:
        self._again_at.pop(key, None)
        self._again_at[key] = until
        if len(self._again_at) > REMEMBERED:
            del self._again_at[next(iter(self._again_at))]
