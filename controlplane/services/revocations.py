"""Revoking consumer keys: kept for as long as the key would have been good, told to every data plane at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from controlplane.domain.callers import Caller, DataplaneCaller, Role
from controlplane.domain.errors import FieldFault, InvalidInput
from controlplane.domain.events import EventType
from controlplane.domain.keys import ConsumerKey, SeenConsumerKey
from controlplane.domain.revocations import Revocation
from controlplane.domain.slots import REVOCATIONS_SLOT
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management, unknown
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import Facts, record
from controlplane.services.ports import Notice, Store, UnitOfWork
from controlplane.services.publishing import Cause, Publisher

UNKNOWN_KEYS = timedelta(days=5 * 365)  # for a key that no record tells the end of, perhaps lost with a restored backup
KEPT_AFTER_END = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class RevokeUserToken:
    """`expires_at` None: the key's own end. `on_record`: refuse a key that no record tells of."""

    workspace_id: str
    jti: str
    reason: str = ""
    expires_at: datetime | None = None
    on_record: bool = False


@dataclass(frozen=True, slots=True)
class Revoked:
    """The revision of the revocation, and the key with what became of it; None: no record tells of it."""

    revision: int
    key: SeenConsumerKey | None


class RevocationService:
    """Use cases of revocations. There is none that takes one back."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    async def revoke(self, caller: Caller, command: RevokeUserToken, request: RequestKey | None = None) -> Revoked:
        """Twice is fine: only a later end makes another revocation. Needs the role operator.

        A key without a record is revoked all the same, unless it is to be `on_record` (NotFound). Raises InvalidInput
        for such a one with an end in the past.
        """
        management = require_management(caller)
        async with self._store.unit_of_work() as work:
            reached = await reach_workspace(work, management, command.workspace_id, Role.OPERATOR)
            workspace = await work.workspaces.lock(reached.id) or reached
            await first_time(work, request)
            key = await work.keys.consumer_key(workspace.id, command.jti)
            if key is None and command.on_record:
                raise unknown(f"consumer key {command.jti!r}")
            ends_at = await _ends_at(work, key, command)
            known = await work.revocations.get(workspace.id, command.jti)
            if known is None or known.expires_at < ends_at:
                known = await self._put(work, workspace, command, ends_at)
            facts: Facts = {"revision": known.revision, "expires_at": ends_at.isoformat(), "reason": command.reason}
            await record(work, management, "consumer_key.revoke", command.jti, workspace, facts)
            done = Revoked(known.revision, SeenConsumerKey(key, known, await work.now()) if key else None)
            await remember(work, request, done)
            return done

    async def adopt(self, caller: DataplaneCaller, held: Mapping[str, datetime]) -> int:
        """Take over what a data plane holds (end by jti) and the store has lost, by being restored; how many."""
        async with self._store.unit_of_work() as work:
            workspace = await work.workspaces.lock(caller.workspace_id)
            known = {each.jti for each in await work.revocations.changed_since(caller.workspace_id, 0)}
            now = await work.now()
            forgotten = now - KEPT_AFTER_END  # nothing can be added to an end: it may be the calendar's last moment
            lost = {jti: end for jti, end in held.items() if jti not in known and end > forgotten}
            if workspace is None or not lost:
                return 0
            revision = await work.workspaces.take_revision(workspace.id)
            reason = f"held by {caller.dataplane_id}"
            await work.revocations.add_new(
                [Revocation(workspace.id, jti, end, revision, reason, now) for jti, end in lost.items()]
            )
            cause = Cause(EventType.TOKEN_REVOKED, reason)
            await self._publisher.ring_slot(work, workspace.id, REVOCATIONS_SLOT, revision, cause)
            await record(work, caller, "revocations.adopt", caller.dataplane_id, workspace, {"count": len(lost)})
            work.announce(Notice(workspace.id))
            return len(lost)

    async def purge(self) -> int:
        """Forget those whose key could not be used for two days anyway; how many."""
        async with self._store.unit_of_work() as work:
            return await work.revocations.purge(await work.now() - KEPT_AFTER_END)

    async def _put(
        self, work: UnitOfWork, workspace: Workspace, command: RevokeUserToken, ends_at: datetime
    ) -> Revocation:
        revision = await work.workspaces.take_revision(workspace.id)
        revocation = Revocation(workspace.id, command.jti, ends_at, revision, command.reason, await work.now())
        await work.revocations.put(revocation)
        cause = Cause(EventType.TOKEN_REVOKED, command.reason)
        await self._publisher.ring_slot(work, workspace.id, REVOCATIONS_SLOT, revision, cause)
        work.announce(Notice(workspace.id))
        return revocation


async def _ends_at(work: UnitOfWork, key: ConsumerKey | None, command: RevokeUserToken) -> datetime:
    """Never before the key's own end."""
    if key is not None:
        return max(key.expires_at, command.expires_at or key.expires_at)
    now = await work.now()
    if command.expires_at is None:
        return now + UNKNOWN_KEYS
    if command.expires_at <= now:
        problem = "is in the past, and no record tells when that key ends: leave it out, or give a later time"
        raise InvalidInput(f"expires_at {problem}", (FieldFault("expires_at", "range", problem),))
    return command.expires_at
