"""A slot after an ended event: what was proven never goes back, and what was refused is refused no longer than that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from controlplane.domain.dataplanes import Boot, SlotState
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.domain.slots import DesiredSlot
from controlplane.services.outcomes import blank_state, moved

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TAKEN = Event(
    id="evt_1",
    workspace_id="ws_1",
    dataplane_id="dp_1",
    type=EventType.CONFIG_UPDATE,
    slot="config/",
    user_id="",
    configuration_version=2,
    status=EventStatus.PENDING,
    cursor=1,
    created_at=NOW,
).acknowledge(Boot(1, "nonce-one"), NOW)
NEWEST = DesiredSlot("config/", 5, 50, "of-5")


def state(**fields: Any) -> SlotState:
    """At version 3, with nothing refused, unless told otherwise."""
    return replace(blank_state("dp_1", "config/", None), applied_version=3, **fields)


def applied(version: int) -> Event:
    return TAKEN.complete_applied(1, version, f"of-{version}", b"", NOW)


def refused(version: int) -> Event:
    return TAKEN.complete_failed(1, version, "", "Envoy said no", NOW)


def test_an_older_version_that_is_proven_late_changes_nothing() -> None:
    assert moved(state(), applied(2), NEWEST, 0) == state()


def test_the_revision_of_the_newest_version_is_kept_and_that_of_an_older_one_is_not_known() -> None:
    assert moved(state(), applied(5), NEWEST, 0).applied_revision == 50
    assert moved(state(), applied(4), NEWEST, 0).applied_revision == 0


def test_what_is_applied_lifts_a_refusal_of_it_and_of_what_is_older_alone() -> None:
    before = state(rejected_version=4, rejected_reason="no")

    assert moved(before, applied(3), NEWEST, 0).rejected_version == 4
    assert moved(before, applied(4), NEWEST, 0).rejected_version == 0
    assert moved(before, applied(5), NEWEST, 0).rejected_version == 0


def test_an_older_refusal_does_not_take_the_place_of_a_newer_one() -> None:
    before = state(rejected_version=4, rejected_reason="no")

    assert moved(before, refused(3), NEWEST, 0) == before
    assert moved(before, refused(5), NEWEST, 0).rejected_version == 5


def test_a_dead_letter_gives_its_version_up_and_a_refusal_is_no_giving_up() -> None:
    dead = replace(TAKEN, status=EventStatus.DEAD_LETTER, attempt=5, error="disk full")

    given_up = moved(state(), dead, NEWEST, 0)

    assert (given_up.rejected_version, given_up.given_up) == (2, True)
    assert given_up.rejected_reason == "given up after 5 attempts: disk full"
    assert not moved(given_up, refused(4), NEWEST, 0).given_up
