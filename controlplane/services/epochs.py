"""The identity of the store's history, from memory."""

from __future__ import annotations

import asyncio

from controlplane.services.ports import Store


class Epoch:
    """The store's epoch, read once and again with the upkeep; polls do not ask the database for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._value = ""
        self._first_read = asyncio.Lock()

    async def known(self) -> str:
        """Raises Unavailable while it was never read."""
        if not self._value:
            async with self._first_read:  # a crowd that comes while this process comes up reads it once
                if not self._value:
                    await self.read()
        return self._value

    async def read(self) -> None:
        """Raises Unavailable."""
        self._value = await self._store.epoch()
