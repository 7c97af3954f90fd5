"""A store that ends while its connections are in use leaves none of them open, and none to the collector."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import warnings
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from controlplane.store import SqlStore, engine
from tests.contract.store.nouns import WORKSPACE
from tests.fakes.stores import opened


class Work:
    """A task in the middle of a transaction until it may go on."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._at_work, self.go_on = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._do())

    async def begun(self) -> None:
        """Once it is in the middle. Raises what ended it before."""
        reached = asyncio.create_task(self._at_work.wait())
        await asyncio.wait({reached, self.task}, return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            await self.task

    async def _do(self) -> None:
        async with self._store.unit_of_work() as work:
            await work.workspaces.take_revision(WORKSPACE.id)
            self._at_work.set()
            await self.go_on.wait()


@contextlib.asynccontextmanager
async def nothing_left_open() -> AsyncIterator[None]:
    gc.collect()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(each.message) for each in warned] == []


async def test_work_that_is_cancelled_as_the_store_ends_gives_its_connection_back(either_url: str) -> None:
    async with nothing_left_open():
        async with opened(either_url) as store:
            work = Work(store)
            await work.begun()
            work.task.cancel()
        await asyncio.wait([work.task])

    async with opened(either_url) as store, store.unit_of_work() as again:
        assert await again.workspaces.take_revision(WORKSPACE.id) == 1


async def test_work_under_way_is_waited_for_and_kept(either_url: str) -> None:
    async with nothing_left_open():
        async with opened(either_url) as store:
            work = Work(store)
            await work.begun()
            asyncio.get_running_loop().call_soon(work.go_on.set)
        await work.task

    async with opened(either_url) as store, store.unit_of_work() as again:
        assert await again.workspaces.take_revision(WORKSPACE.id) == 2


async def test_work_that_outlasts_the_store_has_its_connection_closed(
    either_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nothing_left_open():
        async with opened(either_url) as store:
            work = Work(store)
            await work.begun()
            monkeypatch.setattr(engine, "BEGIN_WAIT", timedelta(milliseconds=50))
        work.task.cancel()
        await asyncio.wait([work.task])
