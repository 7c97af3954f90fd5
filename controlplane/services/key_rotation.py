"""Rotation of the keys that sign consumer keys: a new one beside the old ones, then the old ones out."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.domain.callers import Caller, Role
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import record
from controlplane.services.gatekeeper import Gatekeeper
from controlplane.services.ports import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class KeySet:
    """The key that signs from now on, the key set that data planes get (a JWKS), and the revision that brings it."""

    kid: str
    jwks: bytes
    revision: int


class KeyRotationService:
    """Use cases of gatekeeper keys; both need the role admin."""

    def __init__(self, store: Store, gatekeeper: Gatekeeper) -> None:
        self._store = store
        self._gatekeeper = gatekeeper

    async def rotate(self, caller: Caller, workspace_id: str, request: RequestKey | None = None) -> KeySet:
        """Add a signing key; what older ones signed stays valid."""
        async with self._store.unit_of_work() as work:
            workspace = await self._locked(work, caller, workspace_id)
            await first_time(work, request)
            value = await self._gatekeeper.add_key(work, workspace)
            kid = await self._signing(work, workspace)
            await record(work, caller, "gatekeeper_key.rotate", kid, workspace, {"revision": value.revision})
            made = KeySet(kid, value.value, value.revision)
            await remember(work, request, made)
            return made

    async def retire(self, caller: Caller, workspace_id: str, kid: str, request: RequestKey | None = None) -> KeySet:
        """Take an older key away. Raises InvalidInput for an unknown one, StateConflict for the one that signs."""
        async with self._store.unit_of_work() as work:
            workspace = await self._locked(work, caller, workspace_id)
            await first_time(work, request)
            value = await self._gatekeeper.retire_key(work, workspace, kid)
            await record(work, caller, "gatekeeper_key.retire", kid, workspace, {"revision": value.revision})
            left = KeySet(await self._signing(work, workspace), value.value, value.revision)
            await remember(work, request, left)
            return left

    async def _locked(self, work: UnitOfWork, caller: Caller, workspace_id: str) -> Workspace:
        reached = await reach_workspace(work, require_management(caller), workspace_id, Role.ADMIN)
        return await work.workspaces.lock(reached.id) or reached

    async def _signing(self, work: UnitOfWork, workspace: Workspace) -> str:
        return (await work.secrets.gatekeeper_keys(workspace.id))[-1].kid
