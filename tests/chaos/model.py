"""The promises, checked against a history: nothing lost, nothing twice, nothing backwards, fencing respected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tests.chaos.history import Acknowledged, Changed, Completed, History, Polled, Record, Refused, Rest, Shown

ENDED = {"APPLIED", "FAILED", "SUPERSEDED", "DEAD_LETTER"}
FOR_GOOD = {"APPLIED", "FAILED"}
AT_REST = {"SYNCED", "DEGRADED"}
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, by what, and the words to look for around it."""

    promise: str
    records: tuple[Record, ...] = ()
    words: tuple[str, ...] = ()


def violations(history: History, rest: Rest) -> list[Violation]:
    """All of them; an empty list is what a run is for."""
    rules: tuple[Callable[[History, Rest], Iterator[Violation]], ...] = (
        _changes_are_kept,
        _commands_take_effect_once,
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


def told(history: History, found: Iterable[Violation]) -> str:
    """For people: each violation with what happened around it."""
    return "\n\n".join(
        f"{each.promise}\n{history.around(each.records, each.words)}".strip() for each in list(found)[:10]
    )


def _changes_are_kept(history: History, rest: Rest) -> Iterator[Violation]:
    for change in history.of(Changed):
        if change.version and change.version not in rest.stored.get(change.slot, ()):
            yield Violation("an acknowledged change is never lost", (change,), (change.slot,))
        if change.what == "IssueConsumerKey" and change.made not in rest.keys:
            yield Violation("an acknowledged key is never lost", (change,), (change.made,))


def _commands_take_effect_once(history: History, rest: Rest) -> Iterator[Violation]:
    """Every command was repeated under its id until it was answered, so what exists is what was answered."""
    changes = history.of(Changed)
    for (slot, version), count in Counter((each.slot, each.version) for each in changes if each.version).items():
        if count > 1:
            twins = tuple(each for each in changes if (each.slot, each.version) == (slot, version))
            yield Violation("two commands never take one version", twins, (slot,))
    for revision, count in Counter(each.revision for each in changes if each.revision).items():
        if count > 1:
            twins = tuple(each for each in changes if each.revision == revision)
            yield Violation("two commands never take one revision", twins)
    for slot, versions in rest.stored.items():
        if sorted(versions) != list(range(1, len(versions) + 1)):
            yield Violation(f"versions are counted without gaps: {slot} has {sorted(versions)}")
        answered = {each.version for each in changes if each.slot == slot}
        if unasked := set(versions) - answered - {1}:
            yield Violation(f"a repeated command never takes effect twice: {slot} has {sorted(unasked)} unasked")
    issued = {each.made for each in changes if each.what == "IssueConsumerKey"}
    if unasked_keys := rest.keys - issued:
        yield Violation(f"a repeated command never takes effect twice: keys {sorted(unasked_keys)} unasked")


def _changes_reach_everybody(_history: History, rest: Rest) -> Iterator[Violation]:
    for agent, received in rest.agents.items():
        for slot, version in rest.newest.items():
            if received.get(slot, 0) != version:
                has = received.get(slot, 0)
                yield Violation(f"a change reaches every live agent: {agent} has {slot} in {has}, not {version}")
    given_up = {(each.dataplane_id, each.slot) for each in rest.events if each.status in ("FAILED", "DEAD_LETTER")}
    for agent in rest.agents:
        for slot, version in rest.newest.items():
            if slot.startswith("config/") and (agent, slot) not in given_up:
                applied = rest.applied.get((agent, slot), 0)
                if applied != version:
                    promise = f"a change is applied by every live agent: {slot} of {agent} is {applied}, not {version}"
                    yield Violation(promise)


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
