"""Whether the master key is the one that this store's secrets are sealed under: found out before anything is served."""

from __future__ import annotations

from controlplane.services.ports import Store
from controlplane.services.secrets import SecretKeeper

TENANTS = 20


class KeyProof:
    """Opens one sealed key of the store, and once it could, believes it."""

    def __init__(self, store: Store, keeper: SecretKeeper) -> None:
        self._store = store
        self._keeper = keeper
        self._proven = False

    async def check(self) -> None:
        """Raises what the vault raises for a wrong key, naming it by its fingerprint; Unavailable. Empty is fine."""
        if self._proven:
            return
        async with self._store.reading() as work:
            for tenant in await work.workspaces.tenants("", TENANTS):
                for workspace in await work.workspaces.page(tenant.id, None, "", 1):
                    await self._keeper.delivery_key(work, workspace.id)
                    self._proven = True
                    return
