"""Who may reach which workspace in which role; decided from the same query whether it is foreign or unknown."""

from __future__ import annotations

from controlplane.domain.callers import AnonymousCaller, Caller, DataplaneCaller, ManagementCaller, Role
from controlplane.domain.errors import FieldFault, InvalidInput, NotFound, PermissionRefused, Unauthenticated
from controlplane.domain.workspaces import Workspace
from controlplane.services.ports import UnitOfWork


def unknown(noun: str) -> NotFound:
    """The one answer for what does not exist and for what is not the caller's."""
    return NotFound(f"no such {noun}, or it is not yours")


def require_management(caller: Caller) -> ManagementCaller:
    """Refuse everybody but a management key."""
    if isinstance(caller, AnonymousCaller):
        raise missing_token()
    if isinstance(caller, DataplaneCaller):
        raise PermissionRefused("a data plane may not do this; use a management key", reason="CALLER_KIND")
    return caller


def require_dataplane(caller: Caller) -> DataplaneCaller:
    """Refuse everybody but a data plane."""
    if isinstance(caller, AnonymousCaller):
        raise missing_token()
    if isinstance(caller, ManagementCaller):
        raise PermissionRefused("only a data plane may do this, with its own signed token", reason="CALLER_KIND")
    return caller


def require_role(caller: ManagementCaller, role: Role) -> None:
    """Refuse a key whose role is too small, naming the role that is needed."""
    if caller.role < role:
        needed, has = role.name.lower(), caller.role.name.lower()
        raise PermissionRefused(f"this needs a management key with the role {needed}; yours is {has}")


def missing_token() -> Unauthenticated:
    """No credential at all."""
    return Unauthenticated("no credential; send Authorization: Bearer <token>", reason="TOKEN_MISSING")


async def reach_workspace(work: UnitOfWork, caller: Caller, workspace_id: str, role: Role = Role.VIEWER) -> Workspace:
    """The workspace the caller means: its own, the only one its key sees, or the named one if its key sees it.

    Raises NotFound for unknown and foreign ones alike, InvalidInput listing the choices when none is named and several
    are seen, PermissionRefused when it is readable but the role is too small. A data plane reaches its own in any role.
    """
    if isinstance(caller, DataplaneCaller):
        return await _own_workspace(work, caller, workspace_id)
    caller = require_management(caller)
    workspace = await _named(work, caller, workspace_id) if workspace_id else await _implied(work, caller)
    require_role(caller, role)
    return workspace


async def _own_workspace(work: UnitOfWork, caller: DataplaneCaller, workspace_id: str) -> Workspace:
    workspace = await work.workspaces.get(caller.workspace_id)
    if workspace is None or workspace_id not in ("", workspace.id):
        raise unknown("workspace")
    return workspace


async def _named(work: UnitOfWork, caller: ManagementCaller, workspace_id: str) -> Workspace:
    workspace = await work.workspaces.get(workspace_id)
    if workspace is None or not sees(caller, workspace):
        raise unknown("workspace")
    return workspace


async def _implied(work: UnitOfWork, caller: ManagementCaller) -> Workspace:
    seen = await work.workspaces.page(caller.tenant_id, caller.workspace_ids or None, "", 21)
    if len(seen) == 1:
        return seen[0]
    if not seen:
        raise unknown("workspace")
    choices = ", ".join(f"{workspace.id} ({workspace.name})" for workspace in seen[:20])
    fault = FieldFault("workspace_id", "required", f"name one of: {choices}")
    raise InvalidInput("this key sees several workspaces: set workspace_id", (fault,))


def sees(caller: ManagementCaller, workspace: Workspace) -> bool:
    """Whether the key's scope covers the workspace."""
    scoped = not caller.workspace_ids or workspace.id in caller.workspace_ids
    return scoped and workspace.tenant_id == caller.tenant_id
