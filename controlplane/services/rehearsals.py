"""A rehearsal: the same use case over a store whose units of work are carried out in full and then undone.

That is all a dry run is. It locks, checks, reads and refuses what the real call would, because it is the real call but
for the commit; nothing is stored or announced, and neither the audit nor the answers to repeated requests know of it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from controlplane.services.ports import Ids, Notice, Store, UnitOfWork

_UNDONE_ID = re.compile(r"[a-z]+_7[0-9a-hjkmnp-tv-z]{25}")


class RehearsedStore:
    """The port's Store; what is done in its units of work lasts until they end."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def shared(self) -> bool:
        """As the real one."""
        return self._store.shared

    @contextlib.asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """Rolled back at the end of its block, however that ends; what the block raises is raised."""
        with contextlib.suppress(_Undone):
            async with self._store.unit_of_work() as work:
                yield work
                raise _Undone

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """As the real one."""
        return self._store.reading()

    async def epoch(self) -> str:
        """As the real one."""
        return await self._store.epoch()

    def notices(self) -> AsyncIterator[Notice]:
        """As the real one, which hears of no rehearsal."""
        return self._store.notices()

    async def ping(self) -> None:
        """As the real one."""
        await self._store.ping()


class RehearsedIds:
    """Ids of what is undone: of the same form as real ones, of a time that is thousands of years away."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def new(self, prefix: str) -> str:
        """`<prefix>_<ulid>`; ids made later sort later, and after every real one."""
        kind, _, ulid = self._ids.new(prefix).rpartition("_")
        return f"{kind}_7{ulid[1:]}"


def names_undone(value: str) -> bool:
    """Whether it is an id that a rehearsal made: it names nothing, and nobody is to be told."""
    return _UNDONE_ID.fullmatch(value) is not None


class _Undone(Exception):
    """Not an error: ends a unit of work without its commit."""
