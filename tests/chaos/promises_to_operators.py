"""What is promised to those who change things: nothing that was answered is lost, nothing is done twice or unasked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from tests.chaos.history import REHEARSAL, Changed, Declined, History, Polled, Rehearsed, Rest
from tests.chaos.violations import Violation

UNNAMED = {"UpsertMCPCatalogServer"}  # in whose audit records no name of a command stands


def changes_are_kept(history: History, rest: Rest) -> Iterator[Violation]:
    """Versions, keys and revocations."""
    for change in history.of(Changed):
        if change.version and change.version not in rest.stored.get(change.slot, ()):
            yield _of("an acknowledged change is never lost", change)
        if change.what == "IssueConsumerKey" and change.made not in rest.keys:
            yield Violation("an acknowledged key is never lost", (change,), (change.made,))
        if change.what == "RevokeConsumerKey" and change.made not in rest.revoked:
            yield Violation("an acknowledged revocation is never lost", (change,), (change.made,))


def revocations_reach_everybody(history: History, rest: Rest) -> Iterator[Violation]:
    """All of them, and none that nobody asked for."""
    revoked = {each.made for each in history.of(Changed) if each.what in ("RevokeConsumerKey", "RevokeUserToken")}
    for agent, heard in rest.refused_keys.items():
        if missing := revoked - heard:
            yield Violation(f"a revocation reaches every live agent: {agent} has not heard of {sorted(missing)}")
        if unasked := heard - revoked:
            yield Violation(f"nothing is revoked unasked: {agent} has heard of {sorted(unasked)}")


def commands_take_effect_once(history: History, rest: Rest) -> Iterator[Violation]:
    """Every command was repeated under its id until it was answered, so what exists is what was answered."""
    changes = history.of(Changed)
    for twins in _alike((each for each in changes if each.version), lambda each: (each.slot, each.version)):
        slot, version = twins[0].slot, twins[0].version
        yield Violation("two commands never take one version", twins, (slot,), slot, (version,))
    for twins in _alike((each for each in changes if each.revision), lambda each: each.revision):
        yield Violation("two commands never take one revision", twins)
    for slot, versions in rest.stored.items():
        if sorted(versions) != list(range(1, len(versions) + 1)):
            yield Violation(f"versions are counted without gaps: {slot} has {sorted(versions)}", slot=slot)
        answered = {each.version for each in changes if each.slot == slot} | _made_by_keys(changes, rest, slot)
        if unasked := sorted(set(versions) - answered - {1}):
            promise = f"a repeated command never takes effect twice: {slot} has {unasked} unasked"
            yield Violation(promise, slot=slot, versions=tuple(unasked))
    issued = {each.made for each in changes if each.what == "IssueConsumerKey"}
    if unasked_keys := rest.keys - issued:
        yield Violation(f"a repeated command never takes effect twice: keys {sorted(unasked_keys)} unasked")


def commands_are_audited_once(history: History, rest: Rest) -> Iterator[Violation]:
    """In the transaction of what they did, so that what is audited is what was done."""
    counts = Counter(rest.audited)
    for change in history.of(Changed):
        if change.command and change.what not in UNNAMED and counts[change.command] != 1:
            yield _of(f"a command is audited once: {change.command} is {counts[change.command]} times", change)
    done = {change.command for change in history.of(Changed)}
    for command in sorted(set(counts) - done):
        yield Violation(f"what was not done is not audited: {command}", words=(command,))
    if rest.broken_chain:
        yield Violation(f"the audit's chain is whole: {rest.broken_chain}")


def removals_leave_tombstones(history: History, rest: Rest) -> Iterator[Violation]:
    """And whoever is told of a version is told rightly whether it is one."""
    removals = {(each.slot, each.version): each for each in history.of(Changed) if each.what == "DeleteDocument"}
    for key in sorted(set(removals) ^ rest.tombstones):
        slot, version = key
        yield Violation(f"a removal, and nothing else, leaves a tombstone: {key}", slot=slot, versions=(version,))
    for poll in history.of(Polled):
        for slot, version in poll.versions.items():
            if (slot in poll.removed) != ((slot, version) in rest.tombstones):
                promise = f"a tombstone is told as one, and nothing else is: {slot} in {version}"
                yield Violation(promise, (poll,), (poll.who,), slot, (version,))


def nobody_is_told_that_a_document_is_gone_that_is_there(history: History, rest: Rest) -> Iterator[Violation]:
    """While a command was answered that way, a tombstone was or may have been the newest version for a moment."""
    made = {(each.slot, each.version): each for each in history.of(Changed) if each.version}
    for declined in history.of(Declined):
        gone = False
        for slot, version in rest.tombstones:
            removal, next_one = made.get((slot, version)), made.get((slot, version + 1))
            if slot == declined.slot and removal is not None and removal.began_at <= declined.ended_at:
                gone = gone or next_one is None or next_one.ended_at >= declined.began_at
        if not gone:
            yield _of("nobody is told that a document is gone that is there", declined)


def rehearsals_leave_nothing(history: History, rest: Rest) -> Iterator[Violation]:
    """And they tell of what would come next, never of what was."""
    for poll in history.of(Polled):
        if poll.undone:
            yield Violation("nobody is told of what was only rehearsed", (poll,), (poll.who,))
    if left := sorted(name for name in rest.audited if name.startswith(REHEARSAL)):
        yield Violation(f"nothing audits what was only rehearsed: {left}")
    changes = history.of(Changed)
    for dry in history.of(Rehearsed):
        before = [each.version for each in changes if each.slot == dry.slot and each.ended_at < dry.began_at]
        if dry.version and dry.version <= max(before, default=0):
            yield _of(f"a dry run tells of the version that would come: {dry.version}", dry)


def _made_by_keys(changes: Sequence[Changed], rest: Rest, slot: str) -> set[int]:
    """Versions of documents that were made, after a removal, because a key was issued."""
    known_from = {each.known_from for each in changes if each.what == "IssueConsumerKey" and each.slot == slot}
    after = {version + 1 for each, version in rest.tombstones if each == slot}
    return {version for version in after if rest.revisions.get((slot, version)) in known_from}


def _alike(changes: Iterable[Changed], by: Callable[[Changed], Hashable]) -> Iterator[tuple[Changed, ...]]:
    """Those that share what each should have for itself."""
    found: dict[Hashable, list[Changed]] = defaultdict(list)
    for each in changes:
        found[by(each)].append(each)
    yield from (tuple(twins) for twins in found.values() if len(twins) > 1)


def _of(promise: str, record: Changed | Declined | Rehearsed) -> Violation:
    version = getattr(record, "version", 0)
    words = tuple(word for word in (record.slot, record.command) if word)
    return Violation(promise, (record,), words, record.slot, (version,) if version else ())
