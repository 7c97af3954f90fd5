"""Rotation of the master key: everything sealed at rest is wrapped anew under the primary one, while all goes on.

Theory of operation. A sealed value names the master key that its data key is wrapped under. The rotation goes through
all of them in small transactions and wraps what is under a former key; so one that was killed goes on when it is
called again, and two at once do no harm. Rows that somebody else holds are left for the next pass. Once it is done, no
value needs a former key, and it may leave the ring.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from controlplane.domain.callers import Caller
from controlplane.domain.errors import Unavailable
from controlplane.domain.secrets import GatekeeperKey, StoredDeliveryKey, StoredSecret
from controlplane.services.audit import record
from controlplane.services.ports import Store, UnitOfWork, Vault
from controlplane.services.secrets import SecretKeeper
from controlplane.services.tenants import require_platform

AT_ONCE = 100
PASSES = 20


Key = TypeVar("Key")
Step = Callable[[UnitOfWork, Key], Awaitable[tuple[int, Key]]]


@dataclass(frozen=True, slots=True)
class RotationProgress:
    """`wrapped` of `total` sealed values are under the primary master key, which `fingerprint` names."""

    wrapped: int
    total: int
    fingerprint: str
    done: bool = False


class MasterKeyService:
    """Use case of the master key; needs a platform key."""

    def __init__(self, store: Store, vault: Vault, keeper: SecretKeeper) -> None:
        self._store = store
        self._vault = vault
        self._keeper = keeper

    async def rotate(self, caller: Caller) -> AsyncGenerator[RotationProgress]:
        """Progress after each small transaction; the last has `done`.

        Raises StateConflict for a value under a key that the ring lacks, Unavailable when others hold rows for long.
        """
        management = require_platform(caller)
        fingerprint = self._vault.primary
        async with self._store.unit_of_work() as work:
            await record(work, management, "master_key.rotate", fingerprint)
        for _ in range(PASSES):
            wrapped = 0
            async for reached in self._pass():
                wrapped += reached
                yield RotationProgress(wrapped, max(wrapped, await self._total()), fingerprint)
            total = await self._total()
            if wrapped >= total:
                yield RotationProgress(wrapped, wrapped, fingerprint, done=True)
                return
        raise Unavailable("some sealed values are held by other changes: call again, it goes on where it stopped")

    async def _total(self) -> int:
        async with self._store.reading() as work:
            return await work.sealed.count()

    async def _pass(self) -> AsyncGenerator[int]:
        """How many values each small transaction found or left under the primary key."""
        async for reached in self._walk(self._secrets, ("", "", 0)):
            yield reached
        async for reached in self._walk(self._delivery_keys, ""):
            yield reached
        async for reached in self._walk(self._gatekeeper_keys, ""):
            yield reached

    async def _walk(self, step: Step[Key], after: Key) -> AsyncGenerator[int]:
        while True:
            async with self._store.unit_of_work() as work:
                count, after = await step(work, after)
            if not count:
                return
            yield count

    async def _secrets(self, work: UnitOfWork, after: tuple[str, str, int]) -> tuple[int, tuple[str, str, int]]:
        found: list[StoredSecret] = await work.sealed.secrets(after, AT_ONCE)
        for stored in found:
            if not self._vault.is_current(stored.sealed):
                await work.sealed.reseal_secret(self._keeper.rewrapped(stored))
        last = found[-1] if found else None
        return len(found), (last.workspace_id, last.name, last.version) if last else after

    async def _delivery_keys(self, work: UnitOfWork, after: str) -> tuple[int, str]:
        found: list[StoredDeliveryKey] = await work.sealed.delivery_keys(after, AT_ONCE)
        for stored in found:
            if not self._vault.is_current(stored.sealed):
                await work.sealed.reseal_delivery_key(replace(stored, sealed=self._vault.rewrap(stored.sealed)))
        return len(found), found[-1].id if found else after

    async def _gatekeeper_keys(self, work: UnitOfWork, after: str) -> tuple[int, str]:
        found: list[GatekeeperKey] = await work.sealed.gatekeeper_keys(after, AT_ONCE)
        for stored in found:
            if not self._vault.is_current(stored.sealed_private):
                wrapped = self._vault.rewrap(stored.sealed_private)
                await work.sealed.reseal_gatekeeper_key(replace(stored, sealed_private=wrapped))
        return len(found), found[-1].kid if found else after
