"""The view that polls are answered from: ahead of late notices, and read once for however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controlplane.domain.dataplanes import Boot
from controlplane.domain.errors import Unavailable
from controlplane.domain.events import EventStatus
from controlplane.services.events import closed
from controlplane.services.feed import Feed
from tests.contract.store.nouns import NOW, WORKSPACE, dataplane, event
from tests.fakes.stores import opened, sqlite_url
from tests.integration.store.conftest import furnish

BOOT = Boot(1, "nonce-of-boot-1")


class CountedStore:
    """A real store whose reads are counted, and fail while it is `away`."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.reads = 0
        self.away = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        self.reads += 1
        if self.away:
            raise Unavailable("the database cannot be reached")
        async with self._store.reading() as work:
            yield work


@asynccontextmanager
async def furnished(folder: Path) -> AsyncIterator[CountedStore]:
    url = sqlite_url(folder / "store.db")
    await furnish(url)
    async with opened(url) as store:
        yield CountedStore(store)


async def test_a_thousand_polls_that_come_at_once_are_served_by_two_reads(tmp_path: Path) -> None:
    async with furnished(tmp_path) as store:
        feed = Feed(store)

        views = await asyncio.gather(*(feed.refresh(WORKSPACE.id) for _ in range(1000)))

        assert store.reads <= 2
        assert len({id(view) for view in views}) == 1


async def test_a_late_notice_does_not_hide_an_event_that_is_pending_again(tmp_path: Path) -> None:
    async with furnished(tmp_path) as store:
        feed = Feed(store)
        async with store.unit_of_work() as work:
            await work.dataplanes.add(dataplane("dp_1"))
            cursor = await work.workspaces.take_cursors(WORKSPACE.id, 2)
            again = event(1, status=EventStatus.PENDING, cursor=cursor + 1)
            await work.events.add([again])
        view = await feed.view(WORKSPACE.id)

        view.close(*closed(replace(again, cursor=cursor).acknowledge(BOOT, NOW)).closed_event.split("/"))
        assert [each.id for each in view.events_since("dp_1", 0)] == [again.id]

        view.close(*closed(again.acknowledge(BOOT, NOW)).closed_event.split("/"))
        assert not view.events_since("dp_1", 0)


async def test_what_could_not_be_read_whole_is_read_whole_the_next_time(tmp_path: Path) -> None:
    async with furnished(tmp_path) as store:
        feed = Feed(store)
        async with store.unit_of_work() as work:
            await work.dataplanes.add(dataplane("dp_1"))
            pending = event(1, cursor=await work.workspaces.take_cursors(WORKSPACE.id, 1))
            await work.events.add([pending])
        view = await feed.view(WORKSPACE.id)
        async with store.unit_of_work() as work:  # on another replica, whose notice is lost
            await work.events.save([pending.acknowledge(BOOT, NOW)])
        store.away = True
        with pytest.raises(Unavailable):
            await feed.reread(whole=True)
        store.away = False

        await feed.reread()

        assert not view.events_since("dp_1", 0)
