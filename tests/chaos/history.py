"""What everybody saw during a run, each with when it was asked and when it was answered (seconds of one clock)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

Versions = Mapping[str, int]  # by slot
R = TypeVar("R", bound="Record")

AROUND = 1.5  # seconds shown on either side of a violation
SHOWN = 60  # lines
NEAR = 2  # versions shown on either side of one in question
COMMAND, REHEARSAL = "command-", "rehearsal-"  # how the names of commands begin: of those that count, and of dry runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Something that was asked and answered; `who` asked."""

    who: str
    began_at: float
    ended_at: float
    replica: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled(Record):
    """An agent asked what is newer. `events` are (id, slot, version) as pending."""

    boot: int
    since: int
    revision: int
    resync: bool
    versions: Versions
    known: Versions = field(repr=False)  # what the agent had before
    events: tuple[tuple[str, str, int], ...]
    removed: frozenset[str] = frozenset()  # slots that came as tombstones
    undone: bool = False  # whether the answer told of something that was only rehearsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Record):
    """An agent holds an event."""

    boot: int
    event: str
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed(Record):
    """An agent's outcome was taken; `status` is what the event came to by it."""

    boot: int
    event: str
    slot: str
    token: int
    version: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Record):
    """Something was refused, for a reason other than that nobody could answer."""

    what: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Record):
    """An operator's command was done. `version` is 0 and `slot` empty where the answer tells none.

    `made`: the id of what it made or revoked. `known_from`: the revision by which data planes let a new key in, that of
    the consumer's newest version then.
    """

    what: str
    slot: str = ""
    version: int = 0
    revision: int = 0
    made: str = ""
    known_from: int = 0
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed(Record):
    """A dry run told what a command would do: the version that it would make, 0 for none."""

    what: str
    command: str
    slot: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined(Record):
    """A command, or its dry run, was refused because there was no document of the consumer."""

    what: str
    command: str
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Record):
    """Somebody looked at what is applied: versions by (data plane, slot)."""

    applied: Mapping[tuple[str, str], int] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Record):
    """What was done to the replicas or the database; `kind` is the same for all of its like."""

    what: str
    kind: str


@dataclass(frozen=True, slots=True)
class FinalEvent:
    """An event as it stands when everything is at rest."""

    id: str
    dataplane_id: str
    slot: str
    version: int
    status: str
    superseded_by: str
    completed_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """How everything stands at the end: the control plane's view, and each live agent's."""

    newest: Versions
    stored: Mapping[str, list[int]]  # every version there is, by slot
    events: list[FinalEvent]
    keys: frozenset[str]  # consumer keys that exist
    health: Mapping[str, str]
    applied: Mapping[tuple[str, str], int]
    agents: Mapping[str, Versions]  # what each has received
    tombstones: frozenset[tuple[str, int]] = frozenset()  # slot and version
    revisions: Mapping[tuple[str, int], int] = field(default_factory=dict)  # by slot and version
    revoked: frozenset[str] = frozenset()  # ids of keys that are shown as revoked
    refused_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)  # ids revoked, as each agent has heard
    audited: tuple[str, ...] = ()  # the names of commands in audit records, one for each record
    broken_chain: str = ""  # what is wrong with the audit's records


class History:
    """Everything that was recorded, in the order it was answered."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.records: list[Record] = []

    def add(self, record: Record) -> None:
        """The newest."""
        self.records.append(record)

    def of(self, kind: type[R]) -> list[R]:
        """Those of one kind."""
        return [record for record in self.records if isinstance(record, kind)]

    def around(self, records: Iterable[Record], words: Iterable[str]) -> str:
        """What happened about the time of the records: faults, and whatever has one of the words in it."""
        records, wanted = list(records), [word for word in words if word]
        if not records:
            return ""
        start = min(record.began_at for record in records) - AROUND
        end = max(record.ended_at for record in records) + AROUND
        near = [record for record in self.records if record.ended_at >= start and record.began_at <= end]
        lines = [str(each) for each in near if isinstance(each, Fault) or any(word in str(each) for word in wanted)]
        return "\n".join(cut(lines))

    def of_slot(self, slot: str, versions: Iterable[int]) -> list[str]:
        """What commands did with the slot, and, of many, those with a version near one of these."""
        kinds = (Changed, Rehearsed, Declined)
        found = [record for record in self.records if isinstance(record, kinds) and record.slot == slot]
        wanted = list(versions)
        if len(found) > SHOWN and wanted:
            found = [each for each in found if near(getattr(each, "version", 0), wanted)]
        return cut([str(each) for each in found])


def near(version: int, versions: Iterable[int]) -> bool:
    """Whether it is one of these or close to one."""
    return any(abs(version - each) <= NEAR for each in versions)


def cut(lines: list[str]) -> list[str]:
    """No more than people read."""
    return lines[:SHOWN] + ([f"… {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])
