"""What every store promises of transactions: all or nothing, one snapshot a reader, nothing half told."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from controlplane.domain.errors import AlreadyExists, InvalidInput, NotFound
from controlplane.services.ports import ConfigurationFilter, Notice, UnitOfWork
from controlplane.store import SqlStore, WriteRefused
from tests.contract.store.nouns import ANYTHING, NOW, TENANT, WORKSPACE, configuration, event, secret
from tests.fakes.stores import opened


async def _revision(store: SqlStore) -> int:
    async with store.reading() as work:
        workspace = await work.workspaces.get("ws_1")
    assert workspace is not None
    return workspace.revision


async def test_what_a_unit_of_work_wrote_is_visible_when_its_block_ends(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.workspaces.take_revision("ws_1")
        assert await _revision(store) == 0

    assert await _revision(store) == 1


async def test_a_block_that_raises_leaves_nothing(store: SqlStore) -> None:
    async def fail() -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.take_revision("ws_1")
            await work.events.add([event(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await _revision(store) == 0
    async with store.reading() as work:
        assert await work.events.get("ev_0001") is None


async def test_a_cancelled_block_leaves_nothing_and_holds_nobody_up(store: SqlStore) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.take_revision("ws_1")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with store.unit_of_work() as work:
        assert await work.workspaces.take_revision("ws_1") == 1


async def test_units_of_work_cancelled_at_any_step_keep_all_or_nothing(store: SqlStore) -> None:
    async def write() -> None:
        async with store.unit_of_work() as work:
            revision = await work.workspaces.take_revision("ws_1")
            await work.configurations.add(configuration(revision, revision))

    for steps in range(0, 60, 3):
        task = asyncio.create_task(write())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await write()
    async with store.reading() as work:
        everything = ConfigurationFilter("ws_1", history=True)
        versions = await work.configurations.page(everything, None, 100, documents=False)
    revision = await _revision(store)
    assert [each.version for each in versions] == list(range(revision, 0, -1))


async def test_a_reader_keeps_its_snapshot_while_others_write(store: SqlStore) -> None:
    async with store.reading() as work:
        before = await work.workspaces.get("ws_1")
        async with store.unit_of_work() as writing:
            await writing.workspaces.take_revision("ws_1")
            await writing.events.add([event(1)])

        assert await work.workspaces.get("ws_1") == before
        assert await work.events.get("ev_0001") is None

    assert await _revision(store) == 1


async def test_readers_do_not_wait_for_a_writer(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.workspaces.lock("ws_1")
        revisions = await asyncio.gather(*(_revision(store) for _ in range(30)))

    assert revisions == [0] * 30


WRITES: list[Callable[[UnitOfWork], Awaitable[object]]] = [
    lambda work: work.workspaces.take_revision("ws_1"),
    lambda work: work.workspaces.lock("ws_1"),
    lambda work: work.events.add([event(1)]),
    lambda work: work.events.get_for_update("ev_0001"),
    lambda work: work.events.lapsed(NOW, 1),
    lambda work: work.answers.purge(NOW),
    lambda work: work.secrets.add(secret("openai", 1)),
]


@pytest.mark.parametrize("write", WRITES)
async def test_a_reading_unit_of_work_refuses_to_write(
    store: SqlStore, write: Callable[[UnitOfWork], Awaitable[object]]
) -> None:
    async with store.reading() as work:
        with pytest.raises(WriteRefused, match="unit_of_work"):
            await write(work)


async def test_a_reading_unit_of_work_refuses_to_announce(store: SqlStore) -> None:
    async with store.reading() as work:
        with pytest.raises(WriteRefused):
            work.announce(Notice("ws_1"))


async def test_a_failed_statement_spoils_the_whole_even_when_swallowed(store: SqlStore) -> None:
    async def swallow() -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.take_revision("ws_1")
            with contextlib.suppress(NotFound):
                await work.workspaces.add(replace(WORKSPACE, id="ws_2", tenant_id="tn_9"))

    with pytest.raises(NotFound):
        await swallow()

    assert await _revision(store) == 0


async def test_two_who_make_the_same_tenant_at_once_do_not_both_succeed(store: SqlStore) -> None:
    async def make(number: int) -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.add_tenant(replace(TENANT, id=f"tn_{number}", name="twice"))
            await asyncio.sleep(0.01)

    results = await asyncio.gather(make(2), make(3), return_exceptions=True)

    assert sorted(type(result).__name__ for result in results) == ["AlreadyExists", "NoneType"]


@pytest.mark.parametrize("name", ["nul\0", "half \ud83d pair"])
async def test_text_that_one_database_could_not_keep_is_refused_by_both(store: SqlStore, name: str) -> None:
    with pytest.raises(InvalidInput):
        async with store.unit_of_work() as work:
            await work.workspaces.add_tenant(replace(TENANT, id="tn_2", name=name))


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
async def test_a_number_that_does_not_fit_is_refused(store: SqlStore, number: int) -> None:
    with pytest.raises(InvalidInput):
        async with store.unit_of_work() as work:
            await work.events.add([event(1, fencing_token=number)])
    async with store.reading() as work:
        with pytest.raises(InvalidInput):
            await work.configurations.changed_since("ws_1", number)


async def test_no_error_shows_sql_or_what_was_to_be_stored(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.secrets.add(secret("canary-name", 1))

    with pytest.raises(AlreadyExists) as caught:
        async with store.unit_of_work() as work:
            await work.secrets.add(secret("canary-name", 1))

    shown = "".join(traceback.format_exception(caught.value)).lower()
    assert "insert into" not in shown
    assert "canary-name" not in shown.replace('secret("canary-name", 1)', "")
    assert repr(ANYTHING)[:20].lower() not in shown


async def test_the_epoch_is_the_stores_own_and_outlives_the_process(store_url: str, store: SqlStore) -> None:
    epoch = await store.epoch()

    assert epoch == await store.epoch()
    assert len(epoch) == 32


async def test_the_epoch_is_read_again_after_opening_again(store_url: str) -> None:
    async with opened(store_url) as store:
        first = await store.epoch()
    async with opened(store_url) as store:
        assert await store.epoch() == first


async def test_time_never_goes_back(store: SqlStore) -> None:
    times = []
    for _ in range(5):
        async with store.unit_of_work() as work:
            times += [await work.now(), await work.now()]
        async with store.reading() as work:
            times.append(await work.now())

    assert times == sorted(times)
    assert all(time.utcoffset() is not None and not time.utcoffset() for time in times)


async def test_a_healthy_store_answers_a_ping(store: SqlStore) -> None:
    await store.ping()
