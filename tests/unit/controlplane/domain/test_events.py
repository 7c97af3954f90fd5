"""The state machine of events, every state against every act, and the rules of leases, tokens and boots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controlplane.domain.dataplanes import Boot
from controlplane.domain.errors import StateConflict, Unauthenticated
from controlplane.domain.events import (
    LEASE,
    MAX_ATTEMPTS,
    RETRY_LIMIT,
    TRANSITIONS,
    Event,
    EventStatus,
    EventType,
    check_boot,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
FIRST, SECOND = Boot(1, "nonce-one"), Boot(2, "nonce-two")
PENDING, ACKNOWLEDGED = EventStatus.PENDING, EventStatus.ACKNOWLEDGED

BORN = Event(
    id="evt_1",
    workspace_id="ws_1",
    dataplane_id="dp_1",
    type=EventType.CONFIG_UPDATE,
    slot="config/",
    user_id="",
    configuration_version=3,
    status=PENDING,
    cursor=1,
    created_at=NOW,
)
TAKEN = BORN.acknowledge(FIRST, NOW)
LAPSED = TAKEN.lapse(LATER)
WORN_OUT = replace(TAKEN, attempt=MAX_ATTEMPTS)
FAILED_ONCE = TAKEN.fail_retryable(1, "no", NOW)

# One event of every kind that can exist, and everything that can be done to one.
KINDS = {
    "born": BORN,
    "taken": TAKEN,
    "lapsed": LAPSED,
    "failed once": FAILED_ONCE,
    "worn out": WORN_OUT,
    "applied": TAKEN.complete_applied(1, 3, "d", b"{}", NOW),
    "failed": TAKEN.complete_failed(1, 3, "d", "no", NOW),
    "superseded": BORN.supersede("evt_2", NOW),
    "dead": WORN_OUT.fail_retryable(1, "no", NOW),
}
ACTS: dict[str, Callable[[Event], Event]] = {
    "acknowledge": lambda event: event.acknowledge(SECOND, LATER),
    "renew": lambda event: event.acknowledge(FIRST, LATER),
    "complete applied": lambda event: event.complete_applied(event.fencing_token, 4, "d", b"{}", LATER),
    "complete failed": lambda event: event.complete_failed(event.fencing_token, 4, "d", "no", LATER),
    "fail for now": lambda event: event.fail_retryable(event.fencing_token, "no", LATER),
    "lapse": lambda event: event.lapse(LATER),
    "supersede": lambda event: event.supersede("evt_9", LATER),
    "replay": lambda event: event.replay(),
}


def outcomes() -> dict[tuple[str, str], EventStatus | None]:
    """By kind of event and act: the status it leads to; None where it is refused or changes nothing."""
    found: dict[tuple[str, str], EventStatus | None] = {}
    for kind, event in KINDS.items():
        for name, act in ACTS.items():
            try:
                changed = act(event)
            except StateConflict:
                changed = event
            found[kind, name] = None if changed is event else changed.status
    return found


def test_every_act_on_every_event_follows_the_table_of_transitions() -> None:
    strays = [
        (kind, act, status)
        for (kind, act), status in outcomes().items()
        if status is not None and status not in TRANSITIONS[KINDS[kind].status]
    ]

    assert strays == []


def test_every_transition_of_the_table_can_be_taken() -> None:
    taken = {(KINDS[kind].status, status) for (kind, _), status in outcomes().items() if status is not None}

    assert taken == {(origin, target) for origin, targets in TRANSITIONS.items() for target in targets}


def test_every_status_is_in_the_table_and_the_ends_have_no_way_out() -> None:
    assert set(TRANSITIONS) == set(EventStatus)
    assert {status for status, ways in TRANSITIONS.items() if not ways} == {
        EventStatus.APPLIED,
        EventStatus.FAILED,
        EventStatus.SUPERSEDED,
    }


def test_taking_an_event_gives_a_token_a_lease_and_the_first_attempt() -> None:
    assert (TAKEN.fencing_token, TAKEN.attempt, TAKEN.holder) == (1, 1, FIRST)
    assert TAKEN.lease_expires_at == NOW + LEASE


def test_a_renewal_moves_the_lease_and_nothing_else() -> None:
    renewed = TAKEN.acknowledge(FIRST, LATER)

    assert renewed == replace(TAKEN, lease_expires_at=LATER + LEASE)


def test_a_takeover_counts_as_an_attempt_and_spends_the_old_token() -> None:
    taken_over = TAKEN.acknowledge(SECOND, LATER)

    assert (taken_over.fencing_token, taken_over.attempt) == (2, 2)
    with pytest.raises(StateConflict, match="newest") as refused:
        taken_over.complete_applied(1, 3, "d", b"", LATER)
    assert refused.value.reason == "FENCING_TOKEN_OLD"


def test_an_expired_lease_goes_back_to_pending_and_its_holder_may_still_finish() -> None:
    assert (LAPSED.status, LAPSED.lease_expires_at) == (PENDING, None)

    assert LAPSED.acknowledge(FIRST, LATER).fencing_token == 1
    assert LAPSED.complete_applied(1, 3, "d", b"", LATER).status is EventStatus.APPLIED
    assert LAPSED.complete_failed(1, 3, "d", "no", LATER).status is EventStatus.FAILED
    assert LAPSED.fail_retryable(1, "no", LATER).not_before is not None


def test_a_retryable_failure_spends_its_token_and_waits_longer_each_time() -> None:
    waits = []
    event = BORN
    for _ in range(MAX_ATTEMPTS - 1):
        event = event.acknowledge(FIRST, NOW)
        event = event.fail_retryable(event.fencing_token, "no", NOW)
        assert event.not_before is not None
        waits.append(event.not_before - NOW)
        with pytest.raises(StateConflict):
            event.complete_applied(event.fencing_token, 3, "d", b"", NOW)

    assert waits == sorted(set(waits))
    assert max(waits) <= RETRY_LIMIT
    last = event.acknowledge(FIRST, NOW)
    assert last.fail_retryable(last.fencing_token, "no", NOW).status is EventStatus.DEAD_LETTER


def test_a_lease_that_runs_out_in_the_last_attempt_ends_the_event() -> None:
    dead = WORN_OUT.lapse(LATER)

    assert dead.status is EventStatus.DEAD_LETTER
    assert str(MAX_ATTEMPTS) in dead.error


@pytest.mark.parametrize("kind", ["applied", "failed", "dead", "failed once"])
def test_the_same_completion_again_changes_nothing(kind: str) -> None:
    event = KINDS[kind]
    again = {
        "applied": lambda: event.complete_applied(1, 3, "d", b"{}", LATER),
        "failed": lambda: event.complete_failed(1, 3, "d", "no", LATER),
        "dead": lambda: event.fail_retryable(1, "no", LATER),
        "failed once": lambda: event.fail_retryable(1, "no", LATER),
    }

    assert again[kind]() is event


def test_another_completion_of_a_finished_event_is_refused() -> None:
    applied = KINDS["applied"]

    acts: tuple[Callable[[], Event], ...] = (
        lambda: applied.complete_applied(1, 4, "d", b"{}", LATER),
        lambda: applied.complete_failed(1, 3, "d", "no", LATER),
        lambda: applied.fail_retryable(1, "no", LATER),
        lambda: applied.complete_applied(2, 3, "d", b"{}", LATER),
    )
    for act in acts:
        with pytest.raises(StateConflict) as refused:
            act()
        assert refused.value.reason == "EVENT_FINISHED"


def test_a_completion_reaches_at_least_the_events_version() -> None:
    with pytest.raises(StateConflict) as refused:
        TAKEN.complete_applied(1, 2, "d", b"", LATER)

    assert refused.value.reason == "VERSION_TOO_OLD"
    assert TAKEN.complete_applied(1, 9, "d", b"", LATER).completed_version == 9


@pytest.mark.parametrize("token", [0, -1, 2, 10**12])
def test_a_token_that_was_never_given_completes_nothing(token: int) -> None:
    with pytest.raises(StateConflict):
        TAKEN.complete_applied(token, 3, "d", b"", LATER)
    with pytest.raises(StateConflict):
        BORN.complete_applied(token, 3, "d", b"", LATER)


def test_a_replayed_dead_letter_begins_anew_and_old_tokens_stay_spent() -> None:
    replayed = KINDS["dead"].replay()

    assert (replayed.status, replayed.attempt) == (PENDING, 0)
    taken = replayed.acknowledge(FIRST, LATER)
    assert (taken.attempt, taken.fencing_token) == (1, 2)


@pytest.mark.parametrize(
    ("known", "boot"), [(None, FIRST), (FIRST, FIRST), (FIRST, SECOND), (FIRST, Boot(2, "nonce-one"))]
)
def test_the_same_or_a_later_boot_speaks_for_a_data_plane(known: Boot | None, boot: Boot) -> None:
    check_boot(known, boot)


def test_an_earlier_boot_is_refused() -> None:
    with pytest.raises(StateConflict) as refused:
        check_boot(SECOND, FIRST)

    assert refused.value.reason == "BOOT_TOO_OLD"


def test_two_boots_of_one_counter_are_two_agents() -> None:
    with pytest.raises(Unauthenticated) as refused:
        check_boot(FIRST, Boot(1, "another"))

    assert refused.value.reason == "IDENTITY_CLONED"
