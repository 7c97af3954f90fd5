"""The gatekeeper: keeps the keys that sign a workspace's consumer keys, and tells data planes the public halves."""

from __future__ import annotations

from contract import digest
from controlplane.domain.configurations import SlotValue
from controlplane.domain.keys import ConsumerKey
from controlplane.domain.secrets import GatekeeperKey
from controlplane.domain.workspaces import Workspace
from controlplane.services.ports import Clock, Mint, UnitOfWork, Vault
from controlplane.services.publishing import Publisher

SLOT = "gatekeeper_keys"


class Gatekeeper:
    """Signs consumer keys; the private halves are sealed at rest and opened only to sign."""

    def __init__(self, vault: Vault, mint: Mint, publisher: Publisher, clock: Clock) -> None:
        self._vault = vault
        self._mint = mint
        self._publisher = publisher
        self._clock = clock

    async def add_key(self, work: UnitOfWork, workspace: Workspace) -> SlotValue:
        """Make the workspace's next signing key and publish the key set; older keys stay valid."""
        fresh = self._mint.gatekeeper_key()
        sealed = self._vault.seal(fresh.private, _aad(workspace.id, fresh.kid))
        key = GatekeeperKey(fresh.kid, workspace.id, sealed, fresh.public_jwk, self._clock.now())
        await work.secrets.add_gatekeeper_key(key)
        value = await self.key_set(work, workspace.id)
        return await self._publisher.put_value(work, workspace, SLOT, value, digest(value))

    async def key_set(self, work: UnitOfWork, workspace_id: str) -> bytes:
        """The JWKS that verifies the workspace's consumer keys, canonical JSON."""
        return self._mint.jwks([key.public_jwk for key in await work.secrets.gatekeeper_keys(workspace_id)])

    async def sign(self, work: UnitOfWork, record: ConsumerKey) -> str:
        """The consumer key that the record describes, `sk-…`; it is not kept anywhere."""
        newest = (await work.secrets.gatekeeper_keys(record.workspace_id))[-1]
        private = self._vault.open_(newest.sealed_private, _aad(record.workspace_id, newest.kid))
        return self._mint.consumer_key(record, newest.kid, private)


def _aad(workspace_id: str, kid: str) -> bytes:
    return f"gatekeeper-key\0{workspace_id}\0{kid}".encode()
