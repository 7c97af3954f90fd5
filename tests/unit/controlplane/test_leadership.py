"""Leading a task: believed for as long as the lease was given, and never longer than this process could be sure of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlplane.domain.errors import Unavailable
from controlplane.scheduler.leadership import LEASE, MARGIN, Leadership
from controlplane.scheduler.upkeep import Upkeep


class FakeLeases:
    """A store with nothing but leases, on a clock of its own."""

    def __init__(self, *, shared: bool = True) -> None:
        self.shared = shared
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.holders: dict[str, tuple[str, datetime]] = {}
        self.away = False
        self.asked = 0
        self.task_leases = self

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[Any]:
        if self.away:
            raise Unavailable("away")
        self.asked += 1
        yield self

    async def now(self) -> datetime:
        return self.time

    async def take(self, tasks: frozenset[str], holder: str, now: datetime, expires_at: datetime) -> frozenset[str]:
        for task in tasks:
            other, ends_at = self.holders.get(task, ("", now))
            if other == holder or ends_at <= now:
                self.holders[task] = (holder, expires_at)
        return frozenset(task for task in tasks if self.holders[task][0] == holder)

    async def release(self, holder: str) -> None:
        self.holders = {task: held for task, held in self.holders.items() if held[0] != holder}


class Stopwatch:
    """Seconds, as turned."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def replica(store: FakeLeases, name: str, watch: Stopwatch) -> Leadership:
    return Leadership(store, name, watch)  # type: ignore[arg-type]  # only what is asked of it


async def test_a_store_of_one_process_makes_it_the_leader_and_is_asked_nothing() -> None:
    store = FakeLeases(shared=False)
    leadership = replica(store, "a", Stopwatch())

    await leadership.renew(["retention"])

    assert leadership.leads("retention")
    assert store.asked == 0


async def test_one_replica_leads_and_the_next_takes_over_when_its_lease_ends() -> None:
    store, watch = FakeLeases(), Stopwatch()
    first, second = replica(store, "a", watch), replica(store, "b", watch)
    for each in (first, second):
        await each.renew(["retention"])
    assert [each.leads("retention") for each in (first, second)] == [True, False]

    store.time += LEASE
    watch.seconds += LEASE.total_seconds()
    await second.renew(["retention"])

    assert [each.leads("retention") for each in (first, second)] == [False, True]


async def test_a_process_that_was_stopped_knows_that_it_no_longer_leads() -> None:
    store, watch = FakeLeases(), Stopwatch()
    leadership = replica(store, "a", watch)
    await leadership.renew(["retention"])

    watch.seconds += (LEASE - MARGIN).total_seconds()

    assert not leadership.leads("retention")


async def test_an_outage_ends_the_leading_no_sooner_than_the_lease() -> None:
    store, watch = FakeLeases(), Stopwatch()
    leadership = replica(store, "a", watch)
    await leadership.renew(["retention"])
    store.away = True
    with pytest.raises(Unavailable):
        await leadership.renew(["retention"])

    assert leadership.leads("retention")
    await leadership.resign()
    assert not leadership.leads("retention")


async def test_who_resigns_keeps_nobody_waiting() -> None:
    store, watch = FakeLeases(), Stopwatch()
    first, second = replica(store, "a", watch), replica(store, "b", watch)
    await first.renew(["retention"])

    await first.resign()
    await second.renew(["retention"])

    assert second.leads("retention")


async def test_tasks_of_a_leader_run_on_one_replica_and_the_others_everywhere() -> None:
    store, watch, ran = FakeLeases(), Stopwatch(), []

    def upkeep(name: str) -> Upkeep:
        async def everywhere() -> None:
            ran.append(f"{name} here")

        async def once() -> None:
            ran.append(f"{name} leads")

        every = timedelta(seconds=1)
        return Upkeep({"here": (every, everywhere)}, {"lead": (every, once)}, replica(store, name, watch))

    for each in (upkeep("a"), upkeep("b")):
        await each.run_all()

    assert ran == ["a here", "a leads", "b here"]


async def test_a_task_that_is_under_way_at_the_end_is_cut_short_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tasks = {"long": (timedelta(milliseconds=1), long)}
    upkeep = Upkeep(tasks, {}, replica(FakeLeases(), "a", Stopwatch()))
    upkeep.start()
    async with asyncio.timeout(60):
        await begun.wait()

        await upkeep.stop()
        await ended.wait()
        await asyncio.sleep(0)

    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
