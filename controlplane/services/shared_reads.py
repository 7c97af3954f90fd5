"""Reads of one kind that come at once are made together: a crowd that comes back costs a few queries, not one each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import Generic, TypeVar

from controlplane.domain.errors import Unavailable
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
        asked: dict[str, asyncio.Future[V | None]] = {}
        try:
            while self._asked:
                asked = {key: self._asked.pop(key) for key in list(islice(self._asked, AT_ONCE))}
                await self._answer(asked)
        finally:  # also when it is cut short: whoever asked is told, and whoever asks next begins anew
            self._reading = None
            left = [*asked.values(), *self._asked.values()]
            self._asked.clear()
            _fail(left, Unavailable("the read was cut short"))

    async def _answer(self, asked: Mapping[str, asyncio.Future[V | None]]) -> None:
        try:
            async with self._store.reading() as work:
                found = await self._read(work, list(asked))
        except Exception as error:
            _fail(asked.values(), error)
        else:
            for key, future in asked.items():
                future.set_result(found.get(key))


def _fail(waiting: Iterable[asyncio.Future[V]], error: Exception) -> None:
    for future in waiting:
        if not future.done():
            future.set_exception(error)
            future.exception()  # seen, should nobody wait any more
