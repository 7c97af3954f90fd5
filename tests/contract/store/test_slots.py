"""Slots are read alike from every store: what is desired, what a watermark tells of, and the rows of what deviates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from controlplane.domain.configurations import Configuration, SlotValue
from controlplane.domain.reverts import EnteredRevert, Revert, RevertFigures
from controlplane.domain.revocations import Revocation
from controlplane.domain.slots import AppliedSlot, DesiredSlot
from controlplane.store import SqlStore
from controlplane.store.tables import slot_states
from tests.contract.store.nouns import NOW, configuration, later, slot_state, slot_value, tombstone


async def _fill(store: SqlStore, *nouns: Configuration | SlotValue | Revocation) -> None:
    """In the order given, the workspace's revision being that of the last."""
    async with store.unit_of_work() as work:
        for noun in nouns:
            match noun:
                case Configuration():
                    await work.configurations.add(noun)
                case SlotValue():
                    await work.values.put(noun)
                case Revocation():
                    await work.revocations.put(noun)
            while await work.workspaces.take_revision("ws_1") < noun.revision:
                pass


def revocation(jti: str, revision: int) -> Revocation:
    return Revocation("ws_1", jti, later(days=1), revision, "lost", NOW)


EVERYTHING = (
    configuration(1, 1),
    configuration(1, 2, "alice"),
    slot_value("gatekeeper_keys", 1, 3),
    configuration(2, 4, "alice"),
    replace(slot_value("proxy_url", 1, 5), dataplane_id="dp_1"),
    tombstone(3, 6, "alice"),
    revocation("j1", 7),
    configuration(1, 8, "bob"),
    slot_value("mcp/github", 2, 9),
)
ALICE = DesiredSlot("config/alice", 3, 6, "", removed=True)


def _slots(found: list[DesiredSlot] | tuple[DesiredSlot, ...]) -> list[tuple[str, int]]:
    return [(each.slot, each.version) for each in found]


async def test_what_is_desired_since_a_revision_is_the_newest_of_each_slot(store: SqlStore) -> None:
    await _fill(store, *EVERYTHING)

    async with store.reading() as work:
        all_of_them = await work.slots.desired_since("ws_1", "dp_1", 0)
        some = await work.slots.desired_since("ws_1", "dp_2", 3)
        none = await work.slots.desired_since("ws_1", "dp_1", 9)

    assert _slots(all_of_them) == [
        ("config/", 1),
        ("gatekeeper_keys", 1),
        ("proxy_url", 1),
        ("config/alice", 3),
        ("revocations", 7),
        ("config/bob", 1),
        ("mcp/github", 2),
    ]
    assert all_of_them[3] == ALICE
    assert _slots(some) == [("config/alice", 3), ("revocations", 7), ("config/bob", 1), ("mcp/github", 2)]
    assert none == []


async def test_slots_are_asked_for_by_name(store: SqlStore) -> None:
    await _fill(store, *EVERYTHING)
    names = ["config/alice", "proxy_url", "revocations", "config/nobody", "mcp/none"]

    async with store.reading() as work:
        found = await work.slots.desired_of("ws_1", "dp_1", names)
        of_another = await work.slots.desired_of("ws_1", "dp_2", names)

    assert sorted(found) == ["config/alice", "proxy_url", "revocations"]
    assert found["config/alice"] == ALICE
    assert sorted(of_another) == ["config/alice", "revocations"]


@pytest.mark.parametrize("size", [1, 2, 3, 10])
async def test_every_slot_is_walked_once_whatever_the_size_of_a_page(store: SqlStore, size: int) -> None:
    await _fill(store, *EVERYTHING)

    async with store.reading() as work:
        walked: list[str] = []
        while page := await work.slots.desired_page("ws_1", "dp_1", walked[-1] if walked else "", size):
            walked += [each.slot for each in page]
        counts = [await work.slots.count("ws_1", each) for each in ("dp_1", "dp_2")]

    expected = ["config/", "config/alice", "config/bob", "gatekeeper_keys", "mcp/github", "proxy_url", "revocations"]
    assert walked == expected
    assert counts == [7, 6]


async def test_versions_come_in_the_order_of_revisions_superseded_ones_too(store: SqlStore) -> None:
    await _fill(store, *EVERYTHING)

    async with store.reading() as work:
        whole = await work.slots.versions_since("ws_1", "dp_1", 1, 100)
        first = await work.slots.versions_since("ws_1", "dp_1", 1, 2)
        rest = await work.slots.versions_since("ws_1", "dp_1", first.complete_to, 2)
        end = await work.slots.versions_since("ws_1", "dp_1", 9, 2)

    assert [each.revision for each in whole.versions] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert (whole.complete_to, whole.more) == (9, False)
    assert ([each.revision for each in first.versions], first.complete_to, first.more) == ([2, 3, 4], 4, True)
    assert ([each.revision for each in rest.versions], rest.complete_to, rest.more) == ([5, 6, 7, 8], 8, True)
    assert (end.versions, end.complete_to, end.more) == ((), 9, False)


async def test_what_a_watermark_tells_of_is_the_newest_version_up_to_it(store: SqlStore) -> None:
    await _fill(store, *EVERYTHING)
    names = [each.slot for each in EVERYTHING if isinstance(each, Configuration)]
    names += ["gatekeeper_keys", "mcp/github", "proxy_url", "revocations"]

    async with store.reading() as work:
        at_4 = await work.slots.applied_at("ws_1", "dp_1", 4, names)
        at_9 = await work.slots.applied_at("ws_1", "dp_1", 9, names)
        at_0 = await work.slots.applied_at("ws_1", "dp_1", 0, names)

    assert at_4 == {
        "config/": AppliedSlot(1, revision=1),
        "config/alice": AppliedSlot(2, revision=4),
        "gatekeeper_keys": AppliedSlot(1, revision=3),
        "mcp/github": AppliedSlot(1),  # it is in its second version by now
    }
    assert at_9["config/alice"] == AppliedSlot(3, removed=True, revision=6)
    assert at_9["revocations"] == AppliedSlot(7, revision=7)
    assert len(at_9) == 7
    assert at_0 == {}


async def test_only_rows_that_deviate_are_found_and_the_covered_ones_forgotten(store: SqlStore) -> None:
    applied = slot_state("dp_1", "config/a", applied_version=3, rejected_version=0, applied_revision=5)
    refused = slot_state("dp_1", "config/b", applied_version=1, rejected_version=2, applied_revision=2)
    ahead = slot_state("dp_1", "config/c", applied_version=3, rejected_version=2, applied_revision=9)
    own = slot_state("dp_1", "config/", applied_version=3, rejected_version=0, applied_revision=5)
    unknown = slot_state("dp_1", "mcp/x", applied_version=3, rejected_version=0, applied_revision=0)
    others = slot_state("dp_2", "config/a", applied_version=3, rejected_version=0, applied_revision=5)
    told = Revert("config/d", 3, 2, RevertFigures(9, 3, 1 / 3, timedelta(seconds=30)), "\0 5xx", 4, later(seconds=9))
    back = slot_state("dp_1", "config/d", rejected_version=3, applied_revision=5, reverted=EnteredRevert(told, NOW))
    states = [applied, refused, ahead, own, unknown, others, back]
    async with store.unit_of_work() as work:
        for state in states:
            await work.dataplanes.put_slot_state(state)

    async with store.unit_of_work() as work:
        assert await work.slots.deviating("dp_1") == [refused, back]
        assert await work.slots.states_of("dp_1", ["config/a", "config/z"]) == {"config/a": applied}
        await work.slots.forget_covered("dp_1", 6)
        await work.slots.drop("dp_1", ["mcp/x", "mcp/none"])

    async with store.reading() as work:
        assert await work.dataplanes.slot_states(["dp_1", "dp_2"]) == [own, refused, ahead, back, others]


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        pytest.param({"rejected_version": 0, "rejected_reason": ""}, False, id="applied again"),
        pytest.param({"applied_version": 4, "rejected_version": 0}, False, id="a newer one applied"),
        pytest.param({"applied_version": 4, "rejected_version": 5}, False, id="a newer one applied, the next refused"),
        pytest.param({"rejected_version": 4}, True, id="a newer one refused"),
    ],
)
async def test_what_a_replica_of_the_release_before_applied_is_no_longer_taken_back(
    store: SqlStore, written: dict[str, Any], stands: bool
) -> None:
    """It writes the columns that it knows, and leaves what was taken back as it is."""
    back = EnteredRevert(Revert("config/d", 3, 2), NOW)
    state = slot_state("dp_1", "config/d", rejected_version=3, reverted=back)
    work: Any
    async with store.unit_of_work() as work:
        await work.dataplanes.put_slot_state(state)
        await work._transaction.change(update(slot_states).values(**written))

    async with store.reading() as work:
        expected = replace(state, **written, reverted=back if stands else None)
        assert await work.slots.states_of("dp_1", ["config/d"]) == {"config/d": expected}
        assert await work.dataplanes.slot_states(["dp_1"]) == [expected]
        assert await work.slots.deviating("dp_1") == ([expected] if expected.deviates else [])
