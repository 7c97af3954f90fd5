"""Workspaces: made with everything a first data plane needs, a delivery key and a gatekeeper key."""

from __future__ import annotations

from controlplane.domain.callers import Caller, Role
from controlplane.domain.errors import PermissionRefused
from controlplane.domain.workspaces import Tenant, Workspace
from controlplane.services.access import reach_workspace, require_management, require_role
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import record
from controlplane.services.gatekeeper import Gatekeeper
from controlplane.services.ports import Clock, Ids, Store, UnitOfWork
from controlplane.services.secrets import SecretKeeper


class WorkspaceService:
    """Use cases of workspaces."""

    def __init__(self, store: Store, keeper: SecretKeeper, gatekeeper: Gatekeeper, ids: Ids, clock: Clock) -> None:
        self._store = store
        self._keeper = keeper
        self._gatekeeper = gatekeeper
        self._ids = ids
        self._clock = clock

    async def create(self, caller: Caller, name: str, request: RequestKey | None = None) -> Workspace:
        """Raises AlreadyExists when the tenant has one of that name; needs a key that sees the whole tenant."""
        management = require_management(caller)
        require_role(management, Role.ADMIN)
        if management.workspace_ids:
            raise PermissionRefused(
                "this needs a management key that sees the whole tenant; yours is scoped to workspaces",
                reason="SCOPE_TOO_SMALL",
            )
        async with self._store.unit_of_work() as work:
            await first_time(work, request)
            made = await self.create_in(work, management.tenant_id, name)
            await record(work, management, "workspace.create", made.id, made, {"name": name})
            await remember(work, request, made)
            return made

    async def create_in(self, work: UnitOfWork, tenant_id: str, name: str) -> Workspace:
        """The same inside a unit of work of the caller's."""
        workspace = Workspace(self._ids.new("ws"), tenant_id, name, 0, 0, self._clock.now())
        await work.workspaces.add(workspace)
        await self._keeper.new_delivery_key(work, workspace.id)
        await self._gatekeeper.add_key(work, workspace)
        return await work.workspaces.get(workspace.id) or workspace

    async def ensure_default(self, tenant_name: str, workspace_name: str) -> Workspace:
        """The workspace of that name in the tenant of that name, made when missing: what bootstrap starts from."""
        async with self._store.unit_of_work() as work:
            tenant = await work.workspaces.tenant_by_name(tenant_name)
            if tenant is None:
                tenant = Tenant(self._ids.new("tn"), tenant_name, self._clock.now())
                await work.workspaces.add_tenant(tenant)
            found = await work.workspaces.by_name(tenant.id, workspace_name)
            return found or await self.create_in(work, tenant.id, workspace_name)

    async def get(self, caller: Caller, workspace_id: str) -> Workspace:
        """Raises NotFound for unknown and foreign ones alike."""
        async with self._store.reading() as work:
            return await reach_workspace(work, caller, workspace_id)

    async def list_workspaces(self, caller: Caller, after: str, limit: int) -> list[Workspace]:
        """Those the caller's key sees, ascending by id, greater than `after`."""
        management = require_management(caller)
        async with self._store.reading() as work:
            return await work.workspaces.page(management.tenant_id, management.workspace_ids or None, after, limit)
