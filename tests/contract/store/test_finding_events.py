"""Every store finds the same events: those due, lapsed, pending, to be processed, live in a slot, page by page."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controlplane.domain.dataplanes import Boot
from controlplane.domain.events import Event, EventStatus
from controlplane.services.ports import EventsToProcess
from controlplane.store import SqlStore
from tests.contract.store.nouns import NOW, acknowledged, event, later


async def _add(store: SqlStore, *events: Event) -> None:
    async with store.unit_of_work() as work:
        await work.events.add(events)


async def test_live_events_are_pending_and_acknowledged_ones_oldest_first(store: SqlStore) -> None:
    finished = event(1, status=EventStatus.APPLIED)
    await _add(store, event(3), acknowledged(2), finished, event(4, "proxy_url"), event(5, dataplane_id="dp_2"))

    async with store.reading() as work:
        assert await work.events.live_in_slot("dp_1", "config/") == [acknowledged(2), event(3)]
        assert await work.events.live_of_dataplane("dp_1") == [acknowledged(2), event(3), event(4, "proxy_url")]
        assert await work.events.held_by(["dp_1", "dp_2"]) == [acknowledged(2)]


async def test_lapsed_leases_are_found_oldest_first_from_their_very_end_on(store: SqlStore) -> None:
    leases = [
        acknowledged(1, "config/a", lease_expires_at=later(seconds=2)),
        acknowledged(2, "config/b", lease_expires_at=later(seconds=1)),
        acknowledged(3, "config/c", lease_expires_at=later(seconds=2, microseconds=1)),
        event(4, "config/d", lease_expires_at=NOW, status=EventStatus.APPLIED),
    ]
    await _add(store, *leases)

    async with store.unit_of_work() as work:
        assert await work.events.lapsed(later(seconds=2), 10) == [leases[1], leases[0]]
        assert await work.events.lapsed(later(seconds=2), 1) == [leases[1]]
        assert await work.events.lapsed(later(seconds=1) - timedelta(microseconds=1), 10) == []


async def test_events_are_due_when_their_pause_has_passed(store: SqlStore) -> None:
    paused = [
        event(1, "config/a", not_before=later(seconds=2)),
        event(2, "config/b", not_before=later(seconds=1)),
        event(3, "config/c", not_before=later(seconds=3)),
        event(4, "config/d"),
        acknowledged(5, "config/e", not_before=NOW),
    ]
    await _add(store, *paused)

    async with store.unit_of_work() as work:
        assert await work.events.due(later(seconds=2), 10) == [paused[1], paused[0]]
        assert await work.events.due(later(seconds=2), 1) == [paused[1]]


async def test_pending_events_since_a_cursor_ascend_by_it(store: SqlStore) -> None:
    await _add(
        store,
        event(1, cursor=30),
        event(2, "config/a", cursor=10),
        event(3, "config/b", cursor=20),
        acknowledged(4, "config/c", cursor=40),
    )

    async with store.reading() as work:
        assert [each.cursor for each in await work.events.pending_since("ws_1", 10)] == [20, 30]
        assert await work.events.pending_since("ws_1", 30) == []
        assert await work.events.pending_since("ws_2", 0) == []


async def test_pages_of_events_ascend_while_live_and_descend_when_finished_ones_count(store: SqlStore) -> None:
    done = event(2, status=EventStatus.FAILED)
    await _add(store, event(1), done, acknowledged(3), event(4, "proxy_url"), event(5, dataplane_id="dp_2"))

    async def ids(dataplane_id: str, slot: str, after: str, limit: int, *, finished: bool) -> list[int]:
        async with store.reading() as work:
            page = await work.events.page("ws_1", dataplane_id, slot, after, limit, finished=finished)
        return [int(each.id[3:]) for each in page]

    assert await ids("", "", "", 3, finished=False) == [1, 3, 4]
    assert await ids("", "", "ev_0004", 3, finished=False) == [5]
    assert await ids("", "", "", 3, finished=True) == [5, 4, 3]
    assert await ids("", "", "ev_0003", 3, finished=True) == [2, 1]
    assert await ids("dp_1", "", "", 9, finished=False) == [1, 3, 4]
    assert await ids("dp_1", "", "", 9, finished=True) == [4, 3, 2, 1]
    assert await ids("", "config/", "", 9, finished=True) == [5, 3, 2, 1]
    assert await ids("dp_1", "proxy_url", "", 9, finished=False) == [4]


@pytest.mark.parametrize("sweep", ["lapsed", "due"])
async def test_two_sweeps_at_once_never_get_the_same_event(store: SqlStore, sweep: str) -> None:
    await _add(store, *(acknowledged(number, f"config/{number}") for number in range(10)))
    await _add(store, *(event(100 + number, f"config/{number}", not_before=NOW) for number in range(10)))

    async def take() -> list[str]:
        async with store.unit_of_work() as work:
            found: list[Event] = await getattr(work.events, sweep)(later(days=1), 6)
            await asyncio.sleep(0.01)
            await work.events.save([replace(each, status=EventStatus.SUPERSEDED) for each in found])
            return [each.id for each in found]

    taken = [event_id for part in await asyncio.gather(*(take() for _ in range(4))) for event_id in part]
    taken += await take()

    assert len(taken) == len(set(taken)) == 10


PROCESSING = {
    "waits": (event(1), True),
    "held back": (event(1, not_before=later(seconds=5)), False),
    "no longer held back": (event(1, not_before=NOW), True),
    "held by somebody": (acknowledged(1, holder=Boot(2, "other")), False),
    "held by oneself": (acknowledged(1, holder=Boot(1, "nonce")), True),
    "held until a moment ago": (acknowledged(1, holder=Boot(2, "other"), lease_expires_at=NOW), True),
    "done": (event(1, status=EventStatus.APPLIED), False),
    "somebody else's": (event(1, dataplane_id="dp_2"), False),
    "of another slot": (event(1, "proxy_url"), False),
}


@pytest.mark.parametrize(("one", "expected"), PROCESSING.values(), ids=PROCESSING)
async def test_what_needs_processing_is_what_may_be_taken(store: SqlStore, one: Event, expected: bool) -> None:
    await _add(store, one)
    narrow = EventsToProcess("ws_1", "dp_1", "config/", Boot(1, "nonce"))

    async with store.reading() as work:
        found = await work.events.to_process(narrow, NOW, "", 10)

    assert found == ([one] if expected else [])


async def test_what_waits_behind_somebody_elses_lease_needs_no_processing_yet(store: SqlStore) -> None:
    behind = [acknowledged(1), event(2)]
    free = [event(3, "proxy_url"), event(4, dataplane_id="dp_2")]
    await _add(store, *behind, *free)

    async with store.reading() as work:
        of_anybody = await work.events.to_process(EventsToProcess("ws_1"), NOW, "", 10)
        of_the_holder = await work.events.to_process(EventsToProcess("ws_1", boot=Boot(1, "nonce")), NOW, "", 10)
        rest = await work.events.to_process(EventsToProcess("ws_1"), NOW, "ev_0003", 10)
        first = await work.events.to_process(EventsToProcess("ws_1"), NOW, "", 1)

    assert (of_anybody, of_the_holder, rest, first) == (free, behind + free, free[1:], free[:1])


async def test_live_events_of_several_slots_are_found_at_once(store: SqlStore) -> None:
    await _add(
        store, event(3), acknowledged(2), event(1, "proxy_url"), event(4, "mcp/x"), event(5, dataplane_id="dp_2")
    )

    async with store.unit_of_work() as work:
        found = await work.events.live_in_slots("dp_1", ["config/", "proxy_url", "config/none"])

    assert [each.id for each in found] == ["ev_0001", "ev_0002", "ev_0003"]


async def test_a_slots_proof_is_that_of_its_newest_applied_event(store: SqlStore) -> None:
    applied: dict[str, Any] = {"status": EventStatus.APPLIED}
    await _add(
        store,
        event(1, proof=b"old", **applied),
        event(2, proof=b"new", **applied),
        event(3, status=EventStatus.FAILED, proof=b"none"),
        event(4, "proxy_url"),
        event(5, dataplane_id="dp_2", proof=b"other", **applied),
    )

    async with store.reading() as work:
        assert await work.events.proofs("dp_1", ["config/", "proxy_url"]) == {"config/": b"new"}


async def test_many_events_are_found_by_id_and_the_live_ones_of_many_slots_by_their_data_planes(
    store: SqlStore,
) -> None:
    ended = event(5, "config/b", status=EventStatus.APPLIED)
    live = [event(4, "config/a", "dp_1"), acknowledged(2, "config/b", "dp_1"), event(1, "config/a", "dp_2")]
    await _add(store, *live, event(3, "config/c", "dp_1"), ended)

    async with store.unit_of_work() as work:
        found = await work.events.by_ids({"ev_0001", "ev_0005", "ev_0009"})
        there = await work.events.live_in_any({"dp_1", "dp_2"}, {"config/a", "config/b"})

        assert {each.id for each in found} == {"ev_0001", "ev_0005"}
        assert [each.id for each in there] == ["ev_0002", "ev_0004", "ev_0001"]
        assert await work.events.by_ids([]) == await work.events.live_in_any([], []) == []
        planes = await work.dataplanes.lock_all({"dp_2", "dp_1", "dp_unknown"})
        assert [plane.id for plane in planes] == ["dp_1", "dp_2"]
