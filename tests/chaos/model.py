"""The promises, checked against a history: nothing lost, nothing twice, nothing backwards, fencing respected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tests.chaos import promises_to_operators as to_operators
from tests.chaos.history import Acknowledged, Completed, History, Polled, Record, Refused, Rest, Shown
from tests.chaos.violations import Violation

ENDED = {"APPLIED", "FAILED", "SUPERSEDED", "DEAD_LETTER"}
FOR_GOOD = {"APPLIED", "FAILED"}
AT_REST = {"SYNCED", "DEGRADED"}
R = TypeVar("R", bound=Record)


def violations(history: History, rest: Rest) -> list[Violation]:
    """All of them; an empty list is what a run is for."""
    rules: tuple[Callable[[History, Rest], Iterator[Violation]], ...] = (
        to_operators.changes_are_kept,
        to_operators.commands_take_effect_once,
        to_operators.commands_are_audited_once,
        to_operators.removals_leave_tombstones,
        to_operators.nobody_is_told_that_a_document_is_gone_that_is_there,
        to_operators.rehearsals_leave_nothing,
        to_operators.revocations_reach_everybody,
        _changes_reach_everybody,
        _polls_go_forward,
        _bells_come_with_their_documents,
        _events_end_once,
        _tokens_fence,
        _applied_goes_forward,
        _everything_is_at_rest,
        _nobody_is_turned_away,
    )
    return [violation for rule in rules for violation in rule(history, rest)]


def _changes_reach_everybody(_history: History, rest: Rest) -> Iterator[Violation]:
    """Of what was removed before an agent ever heard of it, it need not hear."""
    given_up = {(each.dataplane_id, each.slot) for each in rest.events if each.status in ("FAILED", "DEAD_LETTER")}
    for agent, received in rest.agents.items():
        for slot, version in rest.newest.items():
            has, applied = received.get(slot, 0), rest.applied.get((agent, slot), 0)
            if not has and (slot, version) in rest.tombstones:
                continue
            if has != version:
                promise = f"a change reaches every live agent: {agent} has {slot} in {has}, not {version}"
                yield Violation(promise, slot=slot, versions=(has, version))
            if applied != version and slot.startswith("config/") and (agent, slot) not in given_up:
                promise = f"a change is applied by every live agent: {slot} of {agent} is {applied}, not {version}"
                yield Violation(promise, slot=slot, versions=(applied, version))


def _polls_go_forward(history: History, _rest: Rest) -> Iterator[Violation]:
    for poll in history.of(Polled):
        if poll.resync:
            yield Violation("within an epoch nobody is sent back to the start", (poll,), (poll.who,))
        if poll.revision < poll.since:
            yield Violation("a revision never goes back", (poll,), (poll.who,))
        for slot, version in poll.versions.items():
            if version < poll.known.get(slot, 0):
                yield Violation(f"a version never goes back: {slot}", (poll,), (poll.who,))


def _bells_come_with_their_documents(history: History, _rest: Rest) -> Iterator[Violation]:
    for poll in history.of(Polled):
        for _event, slot, version in poll.events:
            if max(poll.versions.get(slot, 0), poll.known.get(slot, 0)) < version:
                yield Violation(f"an event comes with what it is about: {slot}", (poll,), (poll.who,))


def _events_end_once(history: History, rest: Rest) -> Iterator[Violation]:
    acknowledged = _by_event(history.of(Acknowledged))
    completions = _by_event(each for each in history.of(Completed) if each.status in FOR_GOOD)
    final = {event.id: event for event in rest.events}
    for event, ends in completions.items():
        if len({(each.token, each.version, each.status) for each in ends}) > 1:
            yield Violation("an event ends exactly once", tuple(ends), (event,))
        over_at = min(each.ended_at for each in ends)
        for late in acknowledged.get(event, ()):
            if late.began_at > over_at:
                yield Violation("an ended event is never held again", (late, *ends), (event,))
        if event not in final or final[event].status != ends[0].status:
            became = final[event].status if event in final else "gone"
            yield Violation(f"an acknowledged outcome is never lost: it is {became}", tuple(ends), (event,))


def _tokens_fence(history: History, _rest: Rest) -> Iterator[Violation]:
    taken = _by_event(history.of(Completed))
    for event, holds in _by_event(history.of(Acknowledged)).items():
        for earlier, later in _in_sequence(holds):
            if later.token < earlier.token or (later.token == earlier.token and later.boot != earlier.boot):
                yield Violation("a fencing token grows with each holder", (earlier, later), (event,))
        for hold in holds:
            for end in taken.get(event, ()):
                if end.began_at > hold.ended_at and end.token < hold.token and end.status in FOR_GOOD:
                    yield Violation("an old fencing token is refused", (hold, end), (event,))


def _applied_goes_forward(history: History, rest: Rest) -> Iterator[Violation]:
    looks = [*history.of(Shown), Shown(who="the end", began_at=1e12, ended_at=1e12, applied=rest.applied)]
    for earlier, later in _in_sequence(looks):
        for key, version in earlier.applied.items():
            if later.applied.get(key, 0) < version:
                yield Violation(f"an applied version never goes back: {key} from {version}", (earlier, later), key)
    for end in history.of(Completed):
        if end.status == "APPLIED" and end.slot.startswith("config/"):
            look = next((each for each in looks if each.began_at > end.ended_at), None)
            if look is not None and look.applied.get((end.who, end.slot), 0) < end.version:
                yield Violation("an applied version is shown from then on", (end, look), (end.event,))


def _everything_is_at_rest(_history: History, rest: Rest) -> Iterator[Violation]:
    for agent, health in rest.health.items():
        if health not in AT_REST:
            yield Violation(f"all agents return to healthy: {agent} is {health}")
    for event in rest.events:
        if event.status not in ENDED:
            yield Violation(f"every event ends: {event.id} of {event.slot} is {event.status}")
    known = {event.id for event in rest.events}
    for event in rest.events:
        if event.status == "SUPERSEDED" and event.superseded_by not in known:
            yield Violation(f"what took an event's place exists: {event.id} names {event.superseded_by or 'nothing'}")


def _nobody_is_turned_away(history: History, _rest: Rest) -> Iterator[Violation]:
    for refusal in history.of(Refused):
        if refusal.reason.startswith("DOCUMENT_REMOVED"):
            continue  # which is judged by what was removed when
        if refusal.code in ("UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "INTERNAL", "UNKNOWN"):
            yield Violation("an outage is never told as anything else", (refusal,), (refusal.who,))


def _by_event(records: Iterable[R]) -> dict[str, list[R]]:
    found: dict[str, list[R]] = defaultdict(list)
    for record in records:
        found[record.event].append(record)  # type: ignore[attr-defined]
    return found


def _in_sequence(records: Iterable[R]) -> Iterator[tuple[R, R]]:
    """Neighbours of which the second began after the first had ended."""
    ordered = sorted(records, key=lambda each: each.began_at)
    for place, later in enumerate(ordered):
        earlier = [each for each in ordered[:place] if each.ended_at < later.began_at]
        if earlier:
            yield max(earlier, key=lambda each: each.ended_at), later
