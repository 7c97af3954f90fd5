"""Everything that is sealed at rest under a master key, in pages, so that a rotation can go through all of it."""

from __future__ import annotations

from typing import Protocol

from controlplane.domain.secrets import GatekeeperKey, StoredDeliveryKey, StoredSecret


class Sealed(Protocol):
    """Pages ascend by their key, start after `after`, and hold their rows for update; a row that somebody else holds
    is left out, not waited for. Empty `after` starts."""

    async def count(self) -> int:
        """How many sealed values there are."""

    async def secrets(self, after: tuple[str, str, int], limit: int) -> list[StoredSecret]:
        """By (workspace, name, version)."""

    async def delivery_keys(self, after: str, limit: int) -> list[StoredDeliveryKey]:
        """By id."""

    async def gatekeeper_keys(self, after: str, limit: int) -> list[GatekeeperKey]:
        """By kid, retired ones too."""

    async def reseal_secret(self, secret: StoredSecret) -> None:
        """Replace `sealed` and `mac`, nothing else."""

    async def reseal_delivery_key(self, key: StoredDeliveryKey) -> None:
        """Replace `sealed`."""

    async def reseal_gatekeeper_key(self, key: GatekeeperKey) -> None:
        """Replace `sealed_private`."""
