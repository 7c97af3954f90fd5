"""Steps of many share transactions: none waits for another's refusal, spoils another's work, or is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import pytest

from controlplane.domain.errors import InvalidInput, StateConflict
from controlplane.domain.events import Event
from controlplane.services.group_commits import AT_ONCE, LANES, GroupCommits, Key
from controlplane.services.ports import UnitOfWork
from controlplane.store import SqlStore
from tests.contract.store.nouns import event

MANY = 4 * AT_ONCE
ONE = ("dp_1", "evt_1")


class CountingStore:
    """Counts writing transactions. The first waits until `go`, so that others have come meanwhile."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.shared = store.shared
        self.transactions = 0
        self.go = asyncio.Event()

    @contextlib.asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        self.transactions += 1
        await self.go.wait()
        async with self._store.unit_of_work() as work:
            yield work


@dataclass(slots=True)
class Shared:
    """The transaction, and which keys it was prepared for. What is `left` is written at the end."""

    work: UnitOfWork
    keys: Sequence[Key]
    left: list[Event] = field(default_factory=list)

    async def flush(self) -> None:
        await self.work.events.add(self.left)


async def prepare(work: UnitOfWork, keys: Sequence[Key]) -> Shared:
    return Shared(work, keys)


async def leave_event(shared: Shared, number: int) -> int:
    shared.left.append(event(number, f"config/user-{number}"))
    return number


async def add_event(shared: Shared, number: int) -> int:
    await shared.work.events.add([event(number, f"config/user-{number}")])
    return number


async def stored(store: SqlStore, numbers: range) -> set[int]:
    async with store.reading() as work:
        return {number for number in numbers if await work.events.get(event(number).id) is not None}


async def test_what_comes_while_a_transaction_is_under_way_shares_the_next(store: SqlStore) -> None:
    counting = CountingStore(store)
    groups = GroupCommits(counting, prepare)  # type: ignore[arg-type]
    calls = [asyncio.create_task(groups.run(ONE, partial(add_event, number=number))) for number in range(MANY)]
    await asyncio.sleep(0)

    counting.go.set()
    answers = await asyncio.gather(*calls)

    assert answers == list(range(MANY))
    assert await stored(store, range(MANY)) == set(range(MANY))
    assert counting.transactions <= MANY // AT_ONCE + LANES


async def test_who_is_refused_is_told_alone(store: SqlStore) -> None:
    groups = GroupCommits(store, prepare)

    async def refused(_shared: Shared) -> int:
        raise StateConflict("an old fencing token", subject="evt_1")

    calls = [groups.run(ONE, partial(add_event, number=number)) for number in range(4)]
    outcomes = await asyncio.gather(*calls[:2], groups.run(ONE, refused), *calls[2:], return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [int, int, StateConflict, int, int]
    assert await stored(store, range(4)) == set(range(4))


async def test_a_statement_that_fails_spoils_nobody_elses_work(store: SqlStore) -> None:
    groups = GroupCommits(store, prepare)

    async def bad(shared: Shared) -> int:
        await shared.work.events.add([event(100, "config/\0", error="half a pair \ud800")])
        return 100

    calls = [groups.run(ONE, partial(add_event, number=number)) for number in range(4)]
    outcomes = await asyncio.gather(*calls[:2], groups.run(ONE, bad), *calls[2:], return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [int, int, InvalidInput, int, int]
    assert await stored(store, range(4)) == set(range(4))


async def test_a_mistake_of_ours_is_told_to_its_caller_only(store: SqlStore) -> None:
    groups = GroupCommits(store, prepare)

    async def mistaken(_shared: Shared) -> int:
        raise KeyError("ours")

    calls = [groups.run(ONE, partial(add_event, number=number)) for number in range(2)]
    first, second, third = await asyncio.gather(*calls, groups.run(ONE, mistaken), return_exceptions=True)

    assert (first, second, type(third)) == (0, 1, KeyError)


async def test_who_gives_up_before_its_turn_has_done_nothing(store: SqlStore) -> None:
    counting = CountingStore(store)
    groups = GroupCommits(counting, prepare)  # type: ignore[arg-type]
    first = asyncio.create_task(groups.run(ONE, partial(add_event, number=0)))
    while not counting.transactions:  # noqa: ASYNC110 - a few turns of the loop
        await asyncio.sleep(0)
    second = asyncio.create_task(groups.run(ONE, partial(add_event, number=1)))
    late = asyncio.create_task(groups.run(ONE, partial(add_event, number=2)))
    await asyncio.sleep(0)
    late.cancel()
    counting.go.set()
    await asyncio.gather(first, second)

    with pytest.raises(asyncio.CancelledError):
        await late
    assert await stored(store, range(3)) == {0, 1}


async def test_steps_of_one_key_are_carried_out_in_their_order(store: SqlStore) -> None:
    groups, order = GroupCommits(store, prepare), []

    async def noting(_shared: Shared, number: int) -> None:
        order.append(number)

    await asyncio.gather(*(groups.run(ONE, partial(noting, number=each)) for each in range(20)))

    assert order == list(range(20))


async def test_what_steps_leave_to_be_written_is_written_once_for_all_of_them(store: SqlStore) -> None:
    groups = GroupCommits(store, prepare)

    await asyncio.gather(*(groups.run(ONE, partial(leave_event, number=number)) for number in range(20)))

    assert await stored(store, range(20)) == set(range(20))


async def test_what_is_shared_is_prepared_for_every_key_in_their_order(store: SqlStore) -> None:
    counting = CountingStore(store)
    groups, seen = GroupCommits(counting, prepare), []  # type: ignore[arg-type]

    async def look(shared: Shared) -> None:
        seen.append([event_id for _, event_id in shared.keys])

    first = asyncio.create_task(groups.run(("dp_1", "evt_0"), look))
    while not counting.transactions:  # noqa: ASYNC110 - a few turns of the loop
        await asyncio.sleep(0)
    others = [asyncio.create_task(groups.run(("dp_1", f"evt_{number}"), look)) for number in (3, 1, 2)]
    await asyncio.sleep(0)
    counting.go.set()
    await asyncio.gather(first, *others)

    assert seen == [["evt_0"], *[["evt_1", "evt_2", "evt_3"]] * 3]
