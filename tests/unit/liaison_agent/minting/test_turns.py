"""Turns: few at a time, the consumers one after the other, and no place is lost to whoever gives up."""

from __future__ import annotations

import asyncio
from collections import Counter

from liaison_agent.minting.turns import Turns


class Queue:
    """Who has a place now; each keeps it until the test lets it go."""

    def __init__(self, in_all: int, of_each: int) -> None:
        self.turns = Turns(in_all, of_each)
        self.inside: list[str] = []
        self._ends: list[tuple[str, asyncio.Event]] = []

    async def ask(self, *consumers: str) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self._take(each)) for each in consumers]
        await settled()
        return tasks

    async def let_go(self, consumer: str) -> None:
        place = next(one for one in self._ends if one[0] == consumer)
        self._ends.remove(place)
        place[1].set()
        await settled()

    async def _take(self, consumer: str) -> None:
        async with self.turns.turn(consumer):
            end = asyncio.Event()
            self._ends.append((consumer, end))
            self.inside.append(consumer)
            try:
                await end.wait()
            finally:
                self.inside.remove(consumer)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_than_so_many_have_a_place_and_fewer_of_one_consumer() -> None:
    queue = Queue(4, 2)

    await queue.ask(*"aaaaa", *"bbbbb", *"ccccc")

    assert Counter(queue.inside) == {"a": 2, "b": 2}


async def test_a_place_goes_to_whoever_waits_longest_among_the_consumers() -> None:
    queue = Queue(2, 2)
    await queue.ask(*"aaaa", "b", "c")

    followed = []
    for leaving in "abc":
        await queue.let_go(leaving)
        followed.append(queue.inside[-1])

    assert followed == ["b", "c", "a"]


async def test_whoever_gives_up_while_waiting_loses_no_place_for_others() -> None:
    queue = Queue(1, 1)
    _, waiting, _ = await queue.ask("a", "b", "c")
    waiting.cancel()
    await settled()

    await queue.let_go("a")

    assert queue.inside == ["c"]


async def test_whoever_is_cancelled_in_its_place_hands_it_on() -> None:
    queue = Queue(1, 1)
    first, _ = await queue.ask("a", "a")

    first.cancel()
    await settled()

    assert queue.inside == ["a"]


async def test_whoever_is_cancelled_just_as_the_place_comes_hands_it_on() -> None:
    queue = Queue(1, 1)
    first, second, _ = await queue.ask("a", "b", "c")
    first.cancel()
    await asyncio.sleep(0)  # the place is b's by now, which has not run since

    second.cancel()
    await settled()

    assert queue.inside == ["c"]


async def test_a_consumer_that_has_nothing_left_is_forgotten() -> None:
    queue = Queue(2, 1)
    tasks = await queue.ask("a", "b", "b")
    for consumer in ("a", "b", "b"):
        await queue.let_go(consumer)
    await asyncio.gather(*tasks)

    assert (queue.turns._free, queue.turns._taken, queue.turns._waiting, queue.turns._next) == (2, {}, {}, {})
