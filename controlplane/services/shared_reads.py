"""Reads of one kind that come at once are made together: a crowd that comes back costs a few queries, not one each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from itertools import islice
from typing import Generic, TypeVar

from controlplane.services.ports import Store, UnitOfWork

AT_ONCE = 500
V = TypeVar("V")


class SharedReads(Generic[V]):
    """`read` finds many by key; what it does not find is None. One read is under way at a time, those who ask
    meanwhile share the next: what is found was read after it was asked for."""

    def __init__(self, store: Store, read: Callable[[UnitOfWork, Collection[str]], Awaitable[Mapping[str, V]]]) -> None:
        self._store = store
        self._read = read
        self._asked: dict[str, asyncio.Future[V | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: str) -> V | None:
        """Raises Unavailable."""
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.get_running_loop().create_future()
            if self._reading is None:
                self._reading = asyncio.create_task(self._read_all())
        return await asyncio.shield(asked)

    async def _read_all(self) -> None:
        while self._asked:
            keys = list(islice(self._asked, AT_ONCE))
            asked = {key: self._asked.pop(key) for key in keys}
            try:
                async with self._store.reading() as work:
                    found = await self._read(work, keys)
            except Exception as error:
                for future in asked.values():
                    future.set_exception(error)
                    future.exception()  # seen, should nobody wait any more
            else:
                for key, future in asked.items():
                    future.set_result(found.get(key))
        self._reading = None
