"""The gatekeeper: keeps the keys that sign a workspace's consumer keys, and tells data planes the public halves."""

from __future__ import annotations

from contract import digest
from controlplane.domain.configurations import SlotValue
from controlplane.domain.errors import FieldFault, InvalidInput, StateConflict
from controlplane.domain.events import EventType
from controlplane.domain.keys import ConsumerKey
from controlplane.domain.secrets import GatekeeperKey
from controlplane.domain.slots import GATEKEEPER_SLOT
from controlplane.domain.workspaces import Workspace
from controlplane.services.ports import Clock, Mint, UnitOfWork, Vault
from controlplane.services.publishing import Cause, Publisher


class Gatekeeper:
    """Signs consumer keys; the private halves are sealed at rest and opened only to sign."""

    def __init__(self, vault: Vault, mint: Mint, publisher: Publisher, clock: Clock) -> None:
        self._vault = vault
        self._mint = mint
        self._publisher = publisher
        self._clock = clock

    async def add_key(self, work: UnitOfWork, workspace: Workspace) -> SlotValue:
        """Make the workspace's next signing key and announce the key set; older keys stay valid."""
        fresh = self._mint.gatekeeper_key()
        sealed = self._vault.seal(fresh.private, _aad(workspace.id, fresh.kid))
        key = GatekeeperKey(fresh.kid, workspace.id, sealed, fresh.public_jwk, self._clock.now())
        await work.secrets.add_gatekeeper_key(key)
        return await self._announce(work, workspace)

    async def retire_key(self, work: UnitOfWork, workspace: Workspace, kid: str) -> SlotValue:
        """Take an older key out of the key set; what it signed is refused from then on.

        Raises InvalidInput for an unknown key, StateConflict for the one that signs.
        """
        keys = {key.kid: key for key in await work.secrets.gatekeeper_keys(workspace.id)}
        if kid not in keys:
            known = ", ".join(keys)
            problem = f"names no signing key of this workspace that is in use; those are {known}"
            raise InvalidInput(f"kid {problem}", (FieldFault("kid", "unknown", problem),))
        if kid == list(keys)[-1]:
            raise StateConflict(
                "this key signs new consumer keys: rotate first, then retire it", subject=kid, reason="KEY_IN_USE"
            )
        await work.secrets.retire_gatekeeper_key(kid, self._clock.now())
        return await self._announce(work, workspace)

    async def _announce(self, work: UnitOfWork, workspace: Workspace) -> SlotValue:
        jwks = await self.key_set(work, workspace.id)
        value = await self._publisher.put_value(work, workspace, GATEKEEPER_SLOT, jwks, digest(jwks))
        cause = Cause(EventType.GATEKEEPER_KEYS)
        await self._publisher.ring_slot(work, workspace.id, GATEKEEPER_SLOT, value.version, cause)
        return value

    async def key_set(self, work: UnitOfWork, workspace_id: str) -> bytes:
        """The JWKS that verifies the workspace's consumer keys, canonical JSON."""
        return self._mint.jwks([key.public_jwk for key in await work.secrets.gatekeeper_keys(workspace_id)])

    async def known_from(self, work: UnitOfWork, workspace_id: str) -> int:
        """The revision from which on data planes know the key that signs; 0 when there is none yet."""
        value = await work.values.newest(workspace_id, GATEKEEPER_SLOT)
        return value.revision if value else 0

    async def sign(self, work: UnitOfWork, record: ConsumerKey) -> str:
        """The consumer key that the record describes, `sk-…`; it is not kept anywhere."""
        newest = (await work.secrets.gatekeeper_keys(record.workspace_id))[-1]
        private = self._vault.open_(newest.sealed_private, _aad(record.workspace_id, newest.kid))
        return self._mint.consumer_key(record, newest.kid, private)


def _aad(workspace_id: str, kid: str) -> bytes:
    return f"gatekeeper-key\0{workspace_id}\0{kid}".encode()
