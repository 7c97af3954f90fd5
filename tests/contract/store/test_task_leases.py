"""Of all replicas one holds a task, and one runs a workspace's full synchronisation, on every store."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from controlplane.domain.errors import AlreadyExists
from controlplane.domain.full_syncs import FullSyncRun
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, later

TASKS = ("lapse leases", "retention")
RUN = FullSyncRun("ws_1", "fs_1", "replica-a", later(seconds=15), NOW, position=b'{"after":""}')


async def _take(store: SqlStore, holder: str, at: float, until: float, *tasks: str) -> set[str]:
    async with store.unit_of_work() as work:
        taken = await work.task_leases.take(tasks or TASKS, holder, later(seconds=at), later(seconds=until))
    return set(taken)


async def test_a_free_task_is_taken_renewed_and_kept_from_others(store: SqlStore) -> None:
    assert await _take(store, "a", 0, 5) == set(TASKS)
    assert await _take(store, "b", 1, 6) == set()
    assert await _take(store, "a", 2, 7) == set(TASKS)
    assert await _take(store, "b", 6, 11) == set()


async def test_a_lease_that_ended_goes_to_whoever_comes_first(store: SqlStore) -> None:
    await _take(store, "a", 0, 5)

    assert await _take(store, "b", 5, 10) == set(TASKS)
    assert await _take(store, "a", 6, 11) == set()


async def test_tasks_are_held_one_by_one(store: SqlStore) -> None:
    await _take(store, "a", 0, 5, "retention")

    assert await _take(store, "b", 1, 6) == {"lapse leases"}


async def test_what_is_given_back_is_free_at_once(store: SqlStore) -> None:
    await _take(store, "a", 0, 5)
    async with store.unit_of_work() as work:
        await work.task_leases.release("a")

    assert await _take(store, "b", 1, 6) == set(TASKS)


async def test_of_many_who_ask_at_once_one_gets_it(store: SqlStore) -> None:
    taken = await asyncio.gather(*(_take(store, f"replica {number}", 0, 5, "retention") for number in range(8)))

    assert sorted(map(len, taken)) == [0] * 7 + [1]


async def test_a_full_synchronisation_comes_back_as_it_was(store: SqlStore) -> None:
    done = replace(RUN, id="fs_2", finished_at=later(seconds=3), position=b"")
    async with store.unit_of_work() as work:
        assert await work.full_syncs.get("ws_1") is None
        await work.full_syncs.put(RUN)
        assert await work.full_syncs.get("ws_1") == RUN
        await work.full_syncs.put(done)

    async with store.reading() as work:
        assert await work.full_syncs.get("ws_1") == done


async def test_steps_are_read_on_from_any_of_them_and_purged_by_age(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        for number in (1, 2, 3):
            await work.full_syncs.add_step("fs_1", number, bytes([number]), later(hours=number))
        await work.full_syncs.add_step("fs_2", 1, b"other", later(hours=1))

    async with store.unit_of_work() as work:
        assert await work.full_syncs.steps("fs_1", 1) == [(2, b"\x02"), (3, b"\x03")]
        assert await work.full_syncs.purge_steps(later(hours=2)) == 2
        assert await work.full_syncs.steps("fs_1", 0) == [(2, b"\x02"), (3, b"\x03")]
        assert await work.full_syncs.steps("fs_2", 0) == []


async def test_a_step_is_told_once(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.full_syncs.add_step("fs_1", 1, b"", NOW)

    with pytest.raises(AlreadyExists):
        async with store.unit_of_work() as work:
            await work.full_syncs.add_step("fs_1", 1, b"", NOW)
