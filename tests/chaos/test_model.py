"""The checker itself: a history that keeps every promise passes, and each way of breaking one is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.history import (
    SHOWN,
    Acknowledged,
    Changed,
    Completed,
    Declined,
    FinalEvent,
    History,
    Polled,
    Record,
    Refused,
    Rehearsed,
    Rest,
    Shown,
)
from tests.chaos.model import violations
from tests.chaos.violations import told

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


def deleted(version: int, at: float, **fields: Any) -> Changed:
    return Changed(
        who="operator",
        began_at=at,
        ended_at=at + 0.1,
        what="DeleteDocument",
        slot=SLOT,
        version=version,
        revision=version,
        **fields,
    )


def key(jti: str, known_from: int) -> Changed:
    known: dict[str, Any] = {"what": "IssueConsumerKey", "slot": SLOT, "made": jti, "known_from": known_from}
    return Changed(who="operator", began_at=20, ended_at=20.1, **known)


def declined(at: float) -> Declined:
    return Declined(who="operator", began_at=at, ended_at=at + 0.1, what="TriggerUpdate", command="", slot=SLOT)


def rehearsed(at: float, version: int) -> Rehearsed:
    known: dict[str, Any] = {"what": "TriggerUpdate", "command": "rehearsal-1", "slot": SLOT, "version": version}
    return Rehearsed(who="operator", began_at=at, ended_at=at + 0.1, **known)


def promises(records: tuple[Record, ...], rest: Rest) -> str:
    history = History(lambda: 0.0)
    for record in records:
        history.add(record)
    return told(history, violations(history, rest), lambda slot, versions: [f"stored of {slot}: {versions}"])


def test_a_history_that_keeps_every_promise_passes() -> None:
    assert promises(GOOD, REST) == ""


# Removed as version 3 at 10, made again as version 4 by a key at 20, and seen by the agent as both.
REMOVED: tuple[Record, ...] = (
    *GOOD,
    rehearsed(9, 3),
    deleted(3, 10, command="command-1"),
    declined(15),
    polled(16, 3, removed=frozenset({SLOT})),
    key("ck_1", 4),
    polled(21, 4),
)
AFTERWARDS = replace(
    REST,
    newest={SLOT: 4},
    stored={SLOT: [4, 3, 2, 1]},
    keys=frozenset({"ck_1"}),
    applied={(AGENT, SLOT): 4},
    agents={AGENT: {SLOT: 4}},
    tombstones=frozenset({(SLOT, 3)}),
    revisions={(SLOT, version): version for version in (1, 2, 3, 4)},
    refused_keys={AGENT: frozenset()},
    audited=("command-1",),
)


def test_a_removal_after_which_a_key_makes_the_document_again_keeps_every_promise() -> None:
    assert promises(REMOVED, AFTERWARDS) == ""


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


@pytest.mark.parametrize(
    "broken, promise",
    [
        ((declined(5),), "nobody is told that a document is gone that is there"),
        ((declined(30),), "nobody is told that a document is gone that is there"),
        ((rehearsed(30, 3),), "a dry run tells of the version that would come: 3"),
        ((polled(30, 4, undone=True),), "nobody is told of what was only rehearsed"),
        ((polled(30, 4, removed=frozenset({SLOT})),), "a tombstone is told as one, and nothing else is"),
        ((polled(30, 3),), "a tombstone is told as one, and nothing else is"),
        ((changed(4, command="command-2"),), "a command is audited once: command-2 is 0 times"),
        ((replace(key("ck_2", 4), what="RevokeConsumerKey"),), "an acknowledged revocation is never lost"),
        ((replace(key("ck_2", 4), what="RevokeUserToken"),), "a revocation reaches every live agent"),
    ],
)
def test_a_record_that_breaks_a_promise_after_a_removal_is_seen(broken: tuple[Record, ...], promise: str) -> None:
    made_again = replace(changed(4), began_at=20.0, ended_at=20.1, revision=40)
    put_back = isinstance(broken[0], Declined | Rehearsed)

    assert promise in promises((*REMOVED, *([made_again] if put_back else []), *broken), AFTERWARDS)


@pytest.mark.parametrize(
    "rest, promise",
    [
        (replace(AFTERWARDS, tombstones=frozenset()), "a removal, and nothing else, leaves a tombstone"),
        (replace(AFTERWARDS, tombstones=frozenset({(SLOT, 2), (SLOT, 3)})), "a removal, and nothing else, leaves"),
        (replace(AFTERWARDS, revisions={}), "a repeated command never takes effect twice: config/ada has [4] unasked"),
        (replace(AFTERWARDS, audited=("command-1", "command-1")), "a command is audited once: command-1 is 2 times"),
        (replace(AFTERWARDS, audited=("command-1", "command-2")), "what was not done is not audited: command-2"),
        (replace(AFTERWARDS, audited=("command-1", "rehearsal-1")), "nothing audits what was only rehearsed"),
        (replace(AFTERWARDS, broken_chain="record 7"), "the audit's chain is whole: record 7"),
        (replace(AFTERWARDS, refused_keys={AGENT: frozenset({"ck_1"})}), "nothing is revoked unasked"),
    ],
)
def test_an_end_that_breaks_a_promise_after_a_removal_is_seen(rest: Rest, promise: str) -> None:
    assert promise in promises(REMOVED, rest)


def test_a_version_that_nobody_asked_for_is_told_with_all_that_was_done_with_its_slot_and_what_is_stored() -> None:
    text = promises(GOOD, replace(REST, stored={SLOT: [3, 2, 1]}))

    assert text.count("Changed(") == 2
    assert "stored of config/ada: (3,)" in text


def test_of_a_slot_with_many_versions_those_near_the_one_in_question_are_told() -> None:
    many = [changed(version) for version in range(1, 200)]

    text = promises(tuple(many), replace(REST, stored={SLOT: list(range(200, 0, -1))}))

    assert "version=198" in text
    assert "version=150" not in text
    assert len(text.splitlines()) < 2 * SHOWN


def test_a_violation_is_told_with_what_happened_around_it() -> None:
    text = promises((*GOOD, shown(9, 1)), REST)

    assert "Completed(" in text
