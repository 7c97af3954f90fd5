"""Reads that come at once are made together, each after it was asked for, and a failure reaches everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from controlplane.domain.errors import Unavailable
from controlplane.services.ports import UnitOfWork
from controlplane.services.shared_reads import AT_ONCE, SharedReads
from tests.fakes.stores import opened, sqlite_url


async def lengths(_work: UnitOfWork, keys: Collection[str]) -> Mapping[str, int]:
    return {key: len(key) for key in keys if key != "nobody"}


async def test_a_crowd_is_read_in_few_reads_and_everybody_gets_their_own(tmp_path: Path) -> None:
    sizes: list[int] = []

    async def counted(work: UnitOfWork, keys: Collection[str]) -> Mapping[str, int]:
        sizes.append(len(keys))
        return await lengths(work, keys)

    async with opened(sqlite_url(tmp_path / "store.db")) as store:
        reads = SharedReads(store, counted)

        found = await asyncio.gather(*(reads.get("x" * number) for number in range(1000)), reads.get("nobody"))

    assert found == [*range(1000), None]
    assert len(sizes) <= 4
    assert max(sizes) <= AT_ONCE


async def test_whoever_asks_while_a_read_is_under_way_is_served_by_the_next(tmp_path: Path) -> None:
    reading, go_on = asyncio.Event(), asyncio.Event()
    told = iter([1, 2])

    async def slow(_work: UnitOfWork, keys: Collection[str]) -> Mapping[str, int]:
        answer = next(told)
        reading.set()
        await go_on.wait()
        return dict.fromkeys(keys, answer)

    async with opened(sqlite_url(tmp_path / "store.db")) as store:
        reads = SharedReads(store, slow)
        first = asyncio.create_task(reads.get("one"))
        await reading.wait()
        second = asyncio.create_task(reads.get("one"))
        go_on.set()

        assert (await first, await second) == (1, 2)


async def test_a_failure_reaches_everybody_and_the_next_read_works(tmp_path: Path) -> None:
    async def failing(_work: UnitOfWork, keys: Collection[str]) -> Mapping[str, int]:
        if "broken" in keys:
            raise Unavailable("the database is away")
        return await lengths(_work, keys)

    async with opened(sqlite_url(tmp_path / "store.db")) as store:
        reads = SharedReads(store, failing)
        failed = await asyncio.gather(reads.get("broken"), reads.get("x"), return_exceptions=True)
        assert all(isinstance(each, Unavailable) for each in failed)

        with pytest.raises(Unavailable):
            await reads.get("broken")
        assert await reads.get("x") == 1


async def test_a_read_that_is_cut_short_leaves_nobody_waiting_and_the_next_read_works(tmp_path: Path) -> None:
    reading, hangs = asyncio.Event(), True
    readers: list[asyncio.Task[None]] = []

    async def cut_short(work: UnitOfWork, keys: Collection[str]) -> Mapping[str, int]:
        if hangs:
            readers.append(running())
            reading.set()
            await asyncio.Event().wait()
        return await lengths(work, keys)

    async with opened(sqlite_url(tmp_path / "store.db")) as store:
        reads = SharedReads(store, cut_short)
        first = asyncio.create_task(reads.get("one"))
        await reading.wait()
        asking = asyncio.gather(first, reads.get("one"), reads.get("three"), return_exceptions=True)
        await asyncio.sleep(0)  # both have asked
        readers[0].cancel()

        told = await asyncio.wait_for(asking, timeout=60)
        hangs = False

        assert [type(each) for each in told] == [Unavailable] * 3
        assert (await reads.get("one"), await reads.get("three")) == (3, 5)


def running() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None
    return task
