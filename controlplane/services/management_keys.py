"""Management keys: made and shown once, listed without their secrets, revoked for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from controlplane.domain.callers import Caller, ManagementCaller, Role
from controlplane.domain.errors import NotFound, PermissionRefused
from controlplane.domain.keys import ManagementKey
from controlplane.services.access import require_management, require_role, sees, unknown
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import BOOTSTRAP, Facts, record
from controlplane.services.lifetimes import ends_at
from controlplane.services.ports import Clock, Ids, Mint, NewSecret, Notice, Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class CreateManagementKey:
    """A new key; `workspace_ids` empty: all that the caller sees. `lifetime` None: until revoked."""

    name: str
    role: Role
    workspace_ids: tuple[str, ...] = ()
    lifetime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """The record, and the secret to show once."""

    key: ManagementKey
    secret: NewSecret


class ManagementKeyService:
    """Use cases of management keys; all need the role admin."""

    def __init__(self, store: Store, mint: Mint, ids: Ids, clock: Clock, forget: Callable[[str], None]) -> None:
        self._store = store
        self._mint = mint
        self._ids = ids
        self._clock = clock
        self._forget = forget

    async def create(
        self, caller: Caller, command: CreateManagementKey, request: RequestKey | None = None
    ) -> CreatedKey:
        """The new key sees at most what the caller's sees."""
        management = _admin(caller)
        async with self._store.unit_of_work() as work:
            await first_time(work, request)
            workspace_ids = await _within_scope(work, management, command.workspace_ids)
            created = await self.add_in(work, management.tenant_id, workspace_ids, command)
            await record(work, management, "management_key.create", created.key.id, details=_facts(created.key))
            await remember(work, request, created)
            return created

    async def bootstrap(self, tenant_id: str, command: CreateManagementKey) -> CreatedKey:
        """The same without a caller, for whoever holds the database itself: a platform key."""
        async with self._store.unit_of_work() as work:
            return await self._made_here(work, tenant_id, command, platform=True)

    async def regain(self, tenant_name: str, command: CreateManagementKey) -> CreatedKey:
        """A key of a tenant that lost its own, for whoever holds the database itself. It is no platform key.

        Raises NotFound.
        """
        async with self._store.unit_of_work() as work:
            tenant = await work.workspaces.tenant_by_name(tenant_name)
            if tenant is None:
                raise NotFound(f"no tenant is named {tenant_name!r}; `agentrouter admin list-tenants` lists them")
            return await self._made_here(work, tenant.id, command, platform=False)

    async def list_keys(self, caller: Caller, after: str, limit: int) -> list[ManagementKey]:
        """The tenant's keys that the caller's covers, ascending by id."""
        management = _admin(caller)
        found: list[ManagementKey] = []
        async with self._store.reading() as work:
            while len(found) < limit:
                keys = await work.keys.management_keys(management.tenant_id, after, limit)
                found += [key for key in keys if _covers(management, key)]
                if len(keys) < limit:
                    break
                after = keys[-1].id
        return found[:limit]

    async def revoke(self, caller: Caller, key_id: str, request: RequestKey | None = None) -> ManagementKey:
        """Effective at once on this replica, within the notice's way on the others; twice is fine."""
        management = _admin(caller)
        async with self._store.unit_of_work() as work:
            key = await work.keys.management_key(key_id)
            if key is None or key.tenant_id != management.tenant_id or not _covers(management, key):
                raise unknown("management key")
            await first_time(work, request)
            await work.keys.revoke_management_key(key_id, self._clock.now())
            work.announce(Notice("", identity=key_id))
            await record(work, management, "management_key.revoke", key_id, details={"name": key.name})
            revoked = await work.keys.management_key(key_id) or key
            await remember(work, request, revoked)
        self._forget(key_id)
        return revoked

    async def _made_here(
        self, work: UnitOfWork, tenant_id: str, command: CreateManagementKey, *, platform: bool
    ) -> CreatedKey:
        created = await self.add_in(work, tenant_id, command.workspace_ids, command, platform=platform)
        local = ManagementCaller(BOOTSTRAP, tenant_id, Role.ADMIN, origin="this machine")
        await record(work, local, "management_key.create", created.key.id, details=_facts(created.key))
        return created

    async def add_in(
        self,
        work: UnitOfWork,
        tenant_id: str,
        workspace_ids: tuple[str, ...],
        command: CreateManagementKey,
        *,
        platform: bool = False,
    ) -> CreatedKey:
        """A new key inside a unit of work of the caller's, who also records it."""
        secret = self._mint.management_key()
        now = self._clock.now()
        key = ManagementKey(
            id=self._ids.new("mk"),
            tenant_id=tenant_id,
            workspace_ids=workspace_ids,
            role=command.role,
            name=command.name,
            token_hash=secret.hash,
            last_four=secret.last_four,
            created_at=now,
            expires_at=ends_at(now, command.lifetime) if command.lifetime is not None else None,
            platform=platform,
        )
        await work.keys.add_management_key(key)
        return CreatedKey(key, secret)


def _facts(key: ManagementKey) -> Facts:
    return {"name": key.name, "role": key.role.name.lower(), "workspaces": " ".join(key.workspace_ids) or "all"}


def _admin(caller: Caller) -> ManagementCaller:
    management = require_management(caller)
    require_role(management, Role.ADMIN)
    return management


def _covers(caller: ManagementCaller, key: ManagementKey) -> bool:
    """A key scoped to some workspaces sees no key that reaches further."""
    return not caller.workspace_ids or (bool(key.workspace_ids) and set(key.workspace_ids) <= set(caller.workspace_ids))


async def _within_scope(work: UnitOfWork, caller: ManagementCaller, wanted: tuple[str, ...]) -> tuple[str, ...]:
    for workspace_id in wanted:
        workspace = await work.workspaces.get(workspace_id)
        if workspace is None or not sees(caller, workspace):
            raise unknown(f"workspace {workspace_id}")
    if not wanted and caller.workspace_ids:
        return caller.workspace_ids
    if len(set(wanted)) != len(wanted):
        raise PermissionRefused("a workspace is named twice")
    return wanted
