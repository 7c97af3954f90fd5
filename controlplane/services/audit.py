"""The audit's use cases: record an act in its own transaction, list what was recorded, verify that nothing was altered.

Every use case that changes something for a person or key, and every one that hands out a secret, calls `record` before
it ends: what cannot be recorded does not happen. A dry run and a request that was answered before leave no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controlplane.domain.audit import AuditRecord, Break, ChainCheck
from controlplane.domain.callers import AnonymousCaller, Caller, DataplaneCaller, ManagementCaller, Role
from controlplane.domain.errors import PermissionRefused
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management, require_role
from controlplane.services.ports import AuditFilter, Store, UnitOfWork

AT_ONCE = 1000
BOOTSTRAP = "bootstrap"
NOBODY = "nobody"
Facts = Mapping[str, str | int | bool]


async def record(
    work: UnitOfWork,
    caller: Caller,
    action: str,
    subject: str,
    workspace: Workspace | None = None,
    details: Facts | None = None,
    *,
    tenant_id: str = "",
) -> AuditRecord:
    """Put the act into the chain of the workspace's tenant, or of `tenant_id`, or of the caller's own.

    Call it after every other lock of the unit of work. `details` are facts for people; never a secret.
    """
    own = caller.tenant_id if isinstance(caller, ManagementCaller) else ""
    return await work.audit.append(
        AuditRecord(
            tenant_id=workspace.tenant_id if workspace else tenant_id or own,
            sequence=0,
            recorded_at=await work.now(),
            actor=actor_of(caller),
            action=action,
            workspace_id=workspace.id if workspace else "",
            subject=subject,
            origin=caller.origin,
            details={name: _fact(value) for name, value in (details or {}).items() if value != ""},
        )
    )


def actor_of(caller: Caller) -> str:
    """The id of the management key or data plane; `nobody` without a credential."""
    if isinstance(caller, AnonymousCaller):
        return NOBODY
    return caller.dataplane_id if isinstance(caller, DataplaneCaller) else caller.key_id


@dataclass(frozen=True, slots=True)
class Verified:
    """How many records were checked, and where the chain breaks first; None when it is whole."""

    checked_count: int
    broken: Break | None


@dataclass(frozen=True, slots=True)
class ListAudit:
    """What to list; empty means any."""

    workspace_id: str = ""
    actor: str = ""
    action: str = ""


class AuditService:
    """Reads the audit of the caller's tenant; needs the role admin."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list_records(self, caller: Caller, wanted: ListAudit, before: int, limit: int) -> list[AuditRecord]:
        """Newest first, places smaller than `before` (0: from the newest). A scoped key sees its workspaces' only."""
        management = _admin(caller)
        async with self._store.reading() as work:
            scope = management.workspace_ids or None
            if wanted.workspace_id:
                scope = ((await reach_workspace(work, management, wanted.workspace_id, Role.ADMIN)).id,)
            narrow = AuditFilter(management.tenant_id, scope, wanted.actor, wanted.action)
            return await work.audit.page(narrow, before, limit)

    async def verify(self, caller: Caller) -> Verified:
        """Walk the whole chain, in one snapshot; needs a key that sees the whole tenant."""
        management = _admin(caller)
        if management.workspace_ids:
            raise PermissionRefused(
                "this needs a management key that sees the whole tenant; yours is scoped to workspaces",
                reason="SCOPE_TOO_SMALL",
            )
        check, after = ChainCheck(), 0
        async with self._store.reading() as work:
            while records := await work.audit.chain(management.tenant_id, after, AT_ONCE):
                for each in records:
                    if broken := check.follow(each):
                        return Verified(check.checked, broken)
                after = records[-1].sequence
            return Verified(check.checked, check.end(await work.audit.head(management.tenant_id)))


def _admin(caller: Caller) -> ManagementCaller:
    management = require_management(caller)
    require_role(management, Role.ADMIN)
    return management


def _fact(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
