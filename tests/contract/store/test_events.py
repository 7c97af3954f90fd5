"""Events are kept alike by every store, and no store lets a slot have two of one live status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from controlplane.domain.dataplanes import Boot
from controlplane.domain.errors import AlreadyExists, NotFound
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, acknowledged, event, later

FINISHED = (EventStatus.APPLIED, EventStatus.FAILED, EventStatus.SUPERSEDED, EventStatus.DEAD_LETTER)


async def _add(store: SqlStore, *events: Event) -> None:
    async with store.unit_of_work() as work:
        await work.events.add(events)


async def test_an_event_comes_back_as_it_was(store: SqlStore) -> None:
    await _add(store, event(1), acknowledged(2))

    async with store.unit_of_work() as work:
        assert await work.events.get("ev_0001") == event(1)
        assert await work.events.get("ev_0002") == acknowledged(2)
        assert await work.events.get_for_update("ev_0002") == acknowledged(2)
        assert await work.events.get("ev_0003") is None
        assert await work.events.get_for_update("ev_0003") is None


async def test_no_events_are_added_and_saved_without_complaint(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.events.add([])
        await work.events.save([])


@pytest.mark.parametrize("made", [event, acknowledged])
async def test_a_slot_has_one_event_of_each_live_status(store: SqlStore, made: Callable[..., Event]) -> None:
    await _add(store, made(1), made(2, "proxy_url"), made(3, dataplane_id="dp_2"))

    with pytest.raises(AlreadyExists, match="live event"):
        await _add(store, made(4))


@pytest.mark.parametrize("status", FINISHED)
async def test_a_slot_has_any_number_of_finished_events(store: SqlStore, status: EventStatus) -> None:
    await _add(store, event(1), event(2, status=status), event(3, status=status))

    async with store.reading() as work:
        assert len(await work.events.page("ws_1", "", "", "", 10, finished=True)) == 3


async def test_an_event_of_no_data_plane_is_refused(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        await _add(store, event(1, dataplane_id="dp_9"))


async def test_every_field_that_may_change_is_saved(store: SqlStore) -> None:
    await _add(store, event(1))

    changed = replace(acknowledged(1), cursor=77)
    async with store.unit_of_work() as work:
        await work.events.save([changed])

    async with store.reading() as work:
        assert await work.events.get("ev_0001") == changed


async def test_an_event_that_is_not_there_cannot_be_saved(store: SqlStore) -> None:
    await _add(store, event(1))

    with pytest.raises(NotFound):
        async with store.unit_of_work() as work:
            await work.events.save([replace(event(1), error="seen"), event(2, "proxy_url")])

    async with store.reading() as work:
        assert await work.events.get("ev_0001") == event(1)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_events_of_one_slot_are_saved_in_any_order(store: SqlStore, order: tuple[int, ...]) -> None:
    await _add(store, acknowledged(1), event(2), event(3, status=EventStatus.SUPERSEDED))

    changed = [
        replace(acknowledged(1), status=EventStatus.APPLIED),  # leaves its place
        replace(event(2), status=EventStatus.ACKNOWLEDGED, holder=Boot(1, "n")),  # takes that one, leaves its own
        replace(event(3), status=EventStatus.PENDING),  # takes this one
    ]
    async with store.unit_of_work() as work:
        await work.events.save([changed[index] for index in order])

    async with store.reading() as work:
        assert await work.events.live_in_slot("dp_1", "config/") == changed[1:]


@pytest.mark.parametrize("question", ["waiting_in_slot", "live_in_slot", "live_of_dataplane"])
async def test_events_that_a_writer_decides_from_are_held_for_it(store: SqlStore, question: str) -> None:
    await _add(store, event(1))
    asked = asyncio.Event()
    arguments = {"waiting_in_slot": ("ws_1", "config/"), "live_in_slot": ("dp_1", "config/")}.get(question, ("dp_1",))

    async def supersede() -> None:
        async with store.unit_of_work() as work:
            assert len(await getattr(work.events, question)(*arguments)) == 1
            asked.set()
            await asyncio.sleep(0.02)
            await work.events.save([replace(event(1), status=EventStatus.SUPERSEDED)])

    async def acknowledge() -> EventStatus:
        await asked.wait()
        async with store.unit_of_work() as work:
            found = await work.events.get_for_update("ev_0001")
        assert found is not None
        return found.status

    _, seen = await asyncio.gather(supersede(), acknowledge())

    assert seen is EventStatus.SUPERSEDED


async def test_what_waits_in_a_slot_is_found_on_every_data_plane(store: SqlStore) -> None:
    await _add(store, event(1), acknowledged(2), event(3, dataplane_id="dp_2", payload=b"{}"), event(4, "proxy_url"))

    async with store.reading() as work:
        waiting = await work.events.waiting_in_slot("ws_1", "config/")
        assert [(each.id, each.dataplane_id) for each in waiting] == [("ev_0001", "dp_1"), ("ev_0003", "dp_2")]
        assert [each.payload for each in waiting] == [event(1).payload, b"{}"]
        assert await work.events.waiting_in_slot("ws_2", "config/") == []


async def test_events_that_have_little_in_common_are_added_together(store: SqlStore) -> None:
    odd = "é\"'\\"
    added = [
        event(1),
        event(2, f"config/{odd}", user_id=odd, payload=b'{"full": true}', metadata=b'{"why": "\xc3\xa9"}'),
        event(3, "proxy_url", type=EventType.PROXY_URL, configuration_version=2**62, cursor=2**61),
        event(4, dataplane_id="dp_2", not_before=later(seconds=1), error="seen"),
    ]
    await _add(store, *added)

    async with store.reading() as work:
        assert sorted(await work.events.by_ids([each.id for each in added]), key=lambda each: each.id) == added


async def test_successors_end_those_that_wait_as_the_domain_does(store: SqlStore) -> None:
    waiting = [event(1), event(2, dataplane_id="dp_2", holder=Boot(1, "n"), fencing_token=3)]
    other, now = event(3, "proxy_url"), later(seconds=1)
    await _add(store, *waiting, other)
    successors = {"ev_0001": event(4, etag="etg_4"), "ev_0002": event(5, dataplane_id="dp_2", etag="etg_5")}

    async with store.unit_of_work() as work:
        await work.events.supersede(successors, now)
        await work.events.add(list(successors.values()))

    ended = [replace(each.supersede(successors[each.id].id, now), etag=successors[each.id].etag) for each in waiting]
    async with store.reading() as work:
        assert [await work.events.get(each.id) for each in waiting] == ended
        assert await work.events.live_of_dataplane("dp_1") == [other, successors["ev_0001"]]


@pytest.mark.parametrize("taken", [acknowledged(1), event(1, status=EventStatus.APPLIED), event(2, "proxy_url")])
async def test_only_an_event_that_waits_gives_way_to_a_successor(store: SqlStore, taken: Event) -> None:
    await _add(store, taken)

    with pytest.raises(NotFound, match="wait"):
        async with store.unit_of_work() as work:
            await work.events.supersede({"ev_0001": event(4)}, NOW)

    async with store.reading() as work:
        assert await work.events.by_ids([taken.id]) == [taken]


async def test_ten_thousand_events_are_added_and_saved_at_once(store: SqlStore) -> None:
    many = [event(number, f"config/u{number}") for number in range(10_000)]
    await _add(store, *many)

    done = [replace(each, status=EventStatus.SUPERSEDED) for each in many]
    async with store.unit_of_work() as work:
        await work.events.save(done)

    async with store.reading() as work:
        assert await work.events.pending_since("ws_1", -1) == []
        assert await work.events.page("ws_1", "", "", "ev_0002", 5, finished=True) == [done[1], done[0]]


async def test_an_event_held_for_update_changes_for_nobody_else(store: SqlStore) -> None:
    await _add(store, event(1))
    held = asyncio.Event()

    async def complete(error: str, *, wait: bool) -> None:
        if wait:
            await held.wait()
        async with store.unit_of_work() as work:
            found = await work.events.get_for_update("ev_0001")
            held.set()
            assert found is not None
            await asyncio.sleep(0.02)
            await work.events.save([replace(found, error=found.error + error)])

    await asyncio.gather(complete("second", wait=True), complete("first ", wait=False))

    async with store.reading() as work:
        assert await work.events.get("ev_0001") == event(1, error="first second")
