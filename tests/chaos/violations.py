"""A broken promise, and how it is told: with everything that somebody needs who was not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.chaos.history import History, Record

MOST = 10  # violations that are told in full

About = Callable[[str, Sequence[int]], list[str]]  # what the database has of a slot and some of its versions


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, by what, and the words to look for around it; of which slot and versions, if any."""

    promise: str
    records: tuple[Record, ...] = ()
    words: tuple[str, ...] = ()
    slot: str = ""
    versions: tuple[int, ...] = ()


def told(history: History, found: Iterable[Violation], about: About | None = None) -> str:
    """For people: each violation with what happened around it, and what was done with its slot."""
    violations = list(found)
    left_out = [f"… and {len(violations) - MOST} more broken promises"] if len(violations) > MOST else []
    return "\n\n".join([_told(history, each, about) for each in violations[:MOST]] + left_out)


def _told(history: History, violation: Violation, about: About | None) -> str:
    lines = [violation.promise, history.around(violation.records, violation.words)]
    if violation.slot:
        lines += history.of_slot(violation.slot, violation.versions)
        lines += about(violation.slot, violation.versions) if about else []
    return "\n".join(line for line in lines if line)
