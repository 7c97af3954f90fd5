"""Who gives way to whom: that everything is still needed travels on, and only what covers it ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controlplane.domain.dataplanes import Boot
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.services.succession import covers, full_payload, full_revision, heir

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PLAIN = Event(
    id="evt_1",
    workspace_id="ws_1",
    dataplane_id="dp_1",
    type=EventType.CONFIG_UPDATE,
    slot="config/",
    user_id="",
    configuration_version=3,
    status=EventStatus.PENDING,
    cursor=1,
    created_at=NOW,
)
FULL = replace(PLAIN, id="evt_2", payload=full_payload(7))


def applied(event: Event, version: int) -> Event:
    """The event completed at that version."""
    return event.acknowledge(Boot(1, "nonce-one"), NOW).complete_applied(1, version, "d", b"", NOW)


def test_an_ordinary_event_asks_for_nothing_in_full() -> None:
    assert full_revision(PLAIN) is None
    assert full_revision(FULL) == 7


def test_the_successor_of_a_full_event_is_one_and_covers_what_both_did() -> None:
    assert full_revision(heir(PLAIN, FULL)) == 7
    assert full_revision(heir(PLAIN, FULL, 9)) == 9
    assert full_revision(heir(replace(FULL, payload=full_payload(8)), FULL)) == 8


@pytest.mark.parametrize("replaced", [None, PLAIN])
def test_the_successor_of_an_ordinary_event_stays_what_it_is(replaced: Event | None) -> None:
    assert heir(PLAIN, replaced, 9) is PLAIN
    assert heir(FULL, replaced, 9) is FULL


def test_a_completion_covers_other_events_up_to_its_version() -> None:
    ended = applied(replace(PLAIN, id="evt_9"), 5)

    assert covers(ended, replace(PLAIN, configuration_version=5))
    assert not covers(ended, replace(PLAIN, configuration_version=6))
    assert not covers(ended, ended)


def test_only_a_full_completion_that_reaches_as_far_covers_a_full_event() -> None:
    assert not covers(applied(PLAIN, 9), FULL)
    assert not covers(applied(replace(PLAIN, payload=full_payload(6)), 9), FULL)
    assert covers(applied(replace(PLAIN, payload=full_payload(7)), 9), FULL)
