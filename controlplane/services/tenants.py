"""Tenants: made with a first workspace and a first admin key, by whoever holds a platform key."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.domain.callers import Caller, ManagementCaller, Role
from controlplane.domain.errors import PermissionRefused
from controlplane.domain.workspaces import Tenant
from controlplane.services.access import require_management, require_role
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import Facts, record
from controlplane.services.management_keys import CreateManagementKey, ManagementKeyService
from controlplane.services.ports import Clock, Ids, NewSecret, Store
from controlplane.services.workspaces import WorkspaceService

FIRST_WORKSPACE = "default"
FIRST_KEY = "first"


@dataclass(frozen=True, slots=True)
class CreatedTenant:
    """The tenant, its first workspace, and its first key's secret to show once."""

    tenant: Tenant
    workspace_id: str
    secret: NewSecret


class TenantService:
    """Use cases of tenants."""

    def __init__(
        self, store: Store, workspaces: WorkspaceService, keys: ManagementKeyService, ids: Ids, clock: Clock
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._keys = keys
        self._ids = ids
        self._clock = clock

    async def create(self, caller: Caller, name: str, request: RequestKey | None = None) -> CreatedTenant:
        """Needs a platform key of the role admin. Raises AlreadyExists when the name is taken."""
        management = require_platform(caller)
        async with self._store.unit_of_work() as work:
            await first_time(work, request)
            tenant = Tenant(self._ids.new("tn"), name, self._clock.now())
            await work.workspaces.add_tenant(tenant)
            workspace = await self._workspaces.create_in(work, tenant.id, FIRST_WORKSPACE)
            key = await self._keys.add_in(work, tenant.id, (), CreateManagementKey(FIRST_KEY, Role.ADMIN))
            facts: Facts = {"name": name, "workspace": workspace.id, "key": key.key.id}
            for chain in sorted({management.tenant_id, tenant.id}):  # in one order, or two could wait for each other
                await record(work, management, "tenant.create", tenant.id, details=facts, tenant_id=chain)
            made = CreatedTenant(tenant, workspace.id, key.secret)
            await remember(work, request, made)
            return made

    async def list_tenants(self, caller: Caller, after: str, limit: int) -> list[Tenant]:
        """The caller's own; all of them, ascending by id, for a platform key of the role admin."""
        management = require_management(caller)
        async with self._store.reading() as work:
            if management.platform and management.role >= Role.ADMIN:
                return await work.workspaces.tenants(after, limit)
            own = await work.workspaces.tenant(management.tenant_id)
            return [own] if own is not None and own.id > after else []


def require_platform(caller: Caller) -> ManagementCaller:
    """Refuse everybody but an admin's key that was made on the control plane's own machine."""
    management = require_management(caller)
    require_role(management, Role.ADMIN)
    if not management.platform:
        raise PermissionRefused(
            "this needs a platform key; make one with `agentrouter admin bootstrap` on the control plane's machine",
            reason="PLATFORM_KEY_NEEDED",
        )
    return management
