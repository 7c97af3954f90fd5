"""The checker itself: a history that keeps every promise passes, and each way of breaking one is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.history import (
    Acknowledged,
    Changed,
    Completed,
    FinalEvent,
    History,
    Polled,
    Record,
    Refused,
    Rest,
    Shown,
)
from tests.chaos.model import told, violations

AGENT, SLOT, EVENT = "dp_1", "config/ada", "evt_1"


def changed(version: int, **fields: Any) -> Changed:
    at = float(version)
    known: dict[str, Any] = {"what": "TriggerUpdate", "slot": SLOT, "revision": version}
    return Changed(who="operator", began_at=at, ended_at=at + 0.1, version=version, **known | fields)


def polled(at: float, version: int, **fields: Any) -> Polled:
    known: dict[str, Any] = {"versions": {SLOT: version}, "known": {}, "events": ((EVENT, SLOT, version),)}
    known |= {"boot": 1, "since": 0, "revision": version, "resync": False}
    return Polled(who=AGENT, began_at=at, ended_at=at + 0.1, **known | fields)


def acknowledged(at: float, token: int, **fields: Any) -> Acknowledged:
    known: dict[str, Any] = {"boot": token, "event": EVENT}
    return Acknowledged(who=AGENT, began_at=at, ended_at=at + 0.1, token=token, **known | fields)


def completed(at: float, token: int, **fields: Any) -> Completed:
    known: dict[str, Any] = {"boot": token, "event": EVENT, "slot": SLOT, "version": 2, "status": "APPLIED"}
    return Completed(who=AGENT, began_at=at, ended_at=at + 0.1, token=token, **known | fields)


def shown(at: float, version: int) -> Shown:
    return Shown(who="operator", began_at=at, ended_at=at + 0.1, applied={(AGENT, SLOT): version})


GOOD: tuple[Record, ...] = (
    changed(1),
    changed(2),
    polled(3, 2),
    acknowledged(4, 1),
    acknowledged(5, 2),
    completed(6, 2),
    completed(7, 2),
    shown(8, 2),
)
REST = Rest(
    newest={SLOT: 2},
    stored={SLOT: [2, 1]},
    events=[FinalEvent(EVENT, AGENT, SLOT, 2, "APPLIED", "", 6.0)],
    keys=frozenset(),
    health={AGENT: "SYNCED"},
    applied={(AGENT, SLOT): 2},
    agents={AGENT: {SLOT: 2}},
)


def promises(records: tuple[Record, ...], rest: Rest) -> str:
    history = History(lambda: 0.0)
    for record in records:
        history.add(record)
    return told(history, violations(history, rest))


def test_a_history_that_keeps_every_promise_passes() -> None:
    assert promises(GOOD, REST) == ""


@pytest.mark.parametrize(
    "broken, promise",
    [
        ((changed(3),), "an acknowledged change is never lost"),
        ((changed(2, revision=9),), "two commands never take one version"),
        ((changed(2, slot="config/eve"),), "two commands never take one revision"),
        ((polled(9, 2, resync=True),), "nobody is sent back to the start"),
        ((polled(9, 2, since=5),), "a revision never goes back"),
        ((polled(9, 1, known={SLOT: 2}),), "a version never goes back"),
        ((polled(9, 1, events=((EVENT, SLOT, 2),)),), "an event comes with what it is about"),
        ((completed(9, 2, version=1),), "an event ends exactly once"),
        ((acknowledged(9, 3),), "an ended event is never held again"),
        ((completed(9, 2, event="evt_2"),), "an acknowledged outcome is never lost"),
        ((acknowledged(5.5, 1, boot=3),), "a fencing token grows with each holder"),
        ((completed(5.5, 1),), "an old fencing token is refused"),
        ((shown(9, 1),), "an applied version never goes back"),
        ((completed(9, 2, version=3), shown(10, 2)), "an applied version is shown from then on"),
        (
            (Refused(who=AGENT, began_at=9, ended_at=9, what="GetConfiguration", code="UNAUTHENTICATED", reason=""),),
            "an outage is never told as anything else",
        ),
    ],
)
def test_a_record_that_breaks_a_promise_is_seen(broken: tuple[Record, ...], promise: str) -> None:
    assert promise in promises((*GOOD, *broken), REST)


@pytest.mark.parametrize(
    "rest, promise",
    [
        (replace(REST, agents={AGENT: {SLOT: 1}}), "a change reaches every live agent"),
        (replace(REST, applied={(AGENT, SLOT): 1}), "a change is applied by every live agent"),
        (replace(REST, stored={SLOT: [3, 2, 1]}), "a repeated command never takes effect twice"),
        (replace(REST, stored={SLOT: [2, 2]}), "versions are counted without gaps"),
        (replace(REST, keys=frozenset({"key_1"})), "a repeated command never takes effect twice"),
        (replace(REST, health={AGENT: "OFFLINE"}), "all agents return to healthy"),
        (replace(REST, events=[replace(REST.events[0], status="PENDING")]), "every event ends"),
        (replace(REST, events=[replace(REST.events[0], status="SUPERSEDED")]), "what took an event's place exists"),
    ],
)
def test_an_end_that_breaks_a_promise_is_seen(rest: Rest, promise: str) -> None:
    assert promise in promises(GOOD, rest)


def test_a_violation_is_told_with_what_happened_around_it() -> None:
    text = promises((*GOOD, shown(9, 1)), REST)

    assert "Completed(" in text
