"""Notices reach every subscriber once what they tell of is visible, and never otherwise."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from controlplane.services.ports import Notice
from controlplane.store import SqlStore
from controlplane.store.notices import READ_EVERYTHING
from tests.fakes.stores import opened


async def _announce(store: SqlStore, *notices: Notice) -> None:
    async with store.unit_of_work() as work:
        for notice in notices:
            work.announce(notice)


async def listening(store: SqlStore) -> AsyncIterator[Notice]:
    """A subscription that demonstrably hears (PostgreSQL needs a moment to connect), and has heard all until now."""
    notices = store.notices()
    async with asyncio.timeout(60):
        for number in itertools.count():
            probe = Notice(f"probe {number}")  # an earlier one may still come, when this one was announced already
            await _announce(store, probe)
            try:
                while await asyncio.wait_for(anext(notices), 0.5) != probe:
                    pass
            except TimeoutError:
                continue
            break
    return notices


async def _next(notices: AsyncIterator[Notice]) -> Notice:
    return await asyncio.wait_for(anext(notices), 60)


async def test_a_notice_is_heard_by_every_subscriber_in_order(store: SqlStore) -> None:
    first = await listening(store)
    second = store.notices()
    sent = [Notice("ws_1"), Notice("ws_1", closed_event="dp_1/ev_1"), Notice("ws_1", identity="dp_ü\0")]

    for notice in sent:
        await _announce(store, notice)

    assert [await _next(first) for _ in sent] == sent
    assert [await _next(second) for _ in sent] == sent


async def test_a_notice_is_heard_after_the_commit_only(store: SqlStore) -> None:
    notices = await listening(store)

    async with store.unit_of_work() as work:
        await work.workspaces.take_revision("ws_1")
        work.announce(Notice("ws_1"))
        early = asyncio.ensure_future(anext(notices))
        await asyncio.wait([early], timeout=0.05)
        assert not early.done()

    assert await asyncio.wait_for(early, 60) == Notice("ws_1")
    async with store.reading() as work:
        workspace = await work.workspaces.get("ws_1")
    assert workspace is not None
    assert workspace.revision == 1


async def test_nothing_is_told_of_what_was_rolled_back(store: SqlStore) -> None:
    notices = await listening(store)

    async def fail() -> None:
        async with store.unit_of_work() as work:
            work.announce(Notice("ws_gone"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await _announce(store, Notice("ws_1"))

    assert await _next(notices) == Notice("ws_1")


async def test_a_notice_announced_twice_in_one_unit_of_work_is_told_once(store: SqlStore) -> None:
    notices = await listening(store)

    await _announce(store, Notice("ws_1"), Notice("ws_2"), Notice("ws_1"))
    await _announce(store, Notice("ws_3"))

    assert [await _next(notices) for _ in range(3)] == [Notice("ws_1"), Notice("ws_2"), Notice("ws_3")]


async def test_thousands_of_notices_of_one_commit_arrive(store: SqlStore) -> None:
    notices = await listening(store)
    sent = [Notice("ws_1", closed_event=f"dp_1/ev_{number}") for number in range(3000)]

    await _announce(store, *sent)

    assert [await _next(notices) for _ in sent] == sent


async def test_a_notice_too_long_to_send_tells_to_read_everything(store: SqlStore, kind: str) -> None:
    notices = await listening(store)
    too_long = Notice("ws_1", closed_event="e" * 8000)

    await _announce(store, too_long)

    # Within one process nothing is too long.
    assert await _next(notices) == (too_long if kind == "sqlite" else READ_EVERYTHING)


async def test_a_subscription_ends_with_the_store(store_url: str) -> None:
    async with opened(store_url) as store:
        waiting = asyncio.ensure_future(anext(store.notices(), None))
        await asyncio.sleep(0)

    while (heard := await asyncio.wait_for(waiting, 60)) == READ_EVERYTHING:
        waiting = asyncio.ensure_future(anext(store.notices(), None))
    assert heard is None
    assert await anext(store.notices(), None) is None
