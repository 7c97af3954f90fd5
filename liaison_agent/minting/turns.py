"""Who asks next: few at a time in all, fewer of one consumer, and the consumers in turn.

A consumer whose token servers are all dead then holds only the places that are its own, for as long as each takes to
fail; everybody else's credentials are asked for beside them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """At most `in_all` at a time, and `of_each` of one consumer."""

    def __init__(self, in_all: int, of_each: int) -> None:
        self._free = in_all
        self._of_each = of_each
        self._taken: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._next: OrderedDict[str, None] = OrderedDict()  # who waits and may have one more

    @asynccontextmanager
    async def turn(self, consumer: str) -> AsyncIterator[None]:
        """A place, for as long as this lasts; whoever is cancelled while waiting gives up their turn."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(consumer, deque()).append(place)
        self._enlist(consumer)
        self._hand_out()
        try:
            await place
            yield
        finally:
            if place.cancelled():
                self._forget(consumer, place)
            else:
                self._give_back(consumer)
            self._hand_out()

    def _enlist(self, consumer: str) -> None:
        if consumer in self._waiting and self._taken[consumer] < self._of_each:
            self._next.setdefault(consumer)

    def _hand_out(self) -> None:
        while self._free and self._next:
            consumer, _ = self._next.popitem(last=False)
            places = self._waiting.get(consumer)
            if not places:
                continue
            place = places.popleft()
            if not places:
                del self._waiting[consumer]
            if not place.done():
                self._free -= 1
                self._taken[consumer] += 1
                place.set_result(None)
            self._enlist(consumer)

    def _forget(self, consumer: str, place: asyncio.Future[None]) -> None:
        places = self._waiting.get(consumer)
        if places and place in places:
            places.remove(place)
            if not places:
                del self._waiting[consumer]

    def _give_back(self, consumer: str) -> None:
        self._free += 1
        self._taken[consumer] -= 1
        if not self._taken[consumer]:
            del self._taken[consumer]
        self._enlist(consumer)
