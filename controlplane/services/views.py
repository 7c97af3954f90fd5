"""What is newest in one workspace, in memory: each poll is answered from it, and costs what is newer.

A view is read once; after that each re-read brings only what is newer than it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from controlplane.domain.configurations import Configuration, SlotValue
from controlplane.domain.events import Event, EventStatus
from controlplane.domain.revocations import Revocation
from controlplane.domain.secrets import StoredSecret
from controlplane.services.ports import Made, UnitOfWork


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What is newer, up to `revision` (`more`: than fits). A crowd that is told the same is given the same one.

    `delivery_keys`: ids of those under which the secrets are."""

    revision: int
    more: bool = False
    configurations: tuple[Configuration, ...] = ()
    values: tuple[SlotValue, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    secrets: tuple[StoredSecret, ...] = ()
    delivery_keys: frozenset[str] = frozenset()


@dataclass(slots=True)
class View:
    """The newest of everything in one workspace. `timeline` holds (revision, user) ascending; older entries of a user
    stay until compaction and are skipped because the user's newest revision differs. `values` are by data plane (empty:
    of all) and slot; `revocations` ascend by revision, one of a key that was revoked for longer stays beside it.
    `batches` holds what was told from which revision, until something moves."""

    workspace_id: str
    revision: int = 0
    event_cursor: int = 0
    configurations: dict[str, Configuration] = field(default_factory=dict)
    values: dict[tuple[str, str], SlotValue] = field(default_factory=dict)
    revocations: list[Revocation] = field(default_factory=list)
    secrets: dict[str, StoredSecret] = field(default_factory=dict)
    delivery_key_id: str = ""
    pending: dict[str, dict[str, Event]] = field(default_factory=dict)
    timeline: list[tuple[int, str]] = field(default_factory=list)
    batches: dict[int, Batch] = field(default_factory=dict)

    def configurations_since(self, revision: int) -> list[Configuration]:
        """Ascending by revision; costs what is newer, not what there is."""
        if revision >= self.revision:
            return []
        start = bisect_right(self.timeline, (revision, "\U0010ffff"))
        found = []
        for changed_at, user_id in self.timeline[start:]:
            configuration = self.configurations[user_id]
            if configuration.revision == changed_at:
                found.append(configuration)
        return found

    def values_since(self, revision: int, dataplane_id: str) -> list[SlotValue]:
        """The workspace's and that data plane's own, ascending by revision; there are few slots with values."""
        if revision >= self.revision:
            return []
        newer = [value for value in self.values.values() if value.revision > revision]
        ours = (value for value in newer if value.dataplane_id in ("", dataplane_id))
        return sorted(ours, key=lambda value: value.revision)

    def same_for_all(self, revision: int) -> bool:
        """Whether nothing newer than that is of one data plane alone."""
        return not any(value.dataplane_id and value.revision > revision for value in self.values.values())

    def revocations_since(self, revision: int) -> list[Revocation]:
        """Ascending by revision; costs what is newer."""
        if revision >= self.revision:
            return []
        return self.revocations[bisect_right(self.revocations, revision, key=lambda each: each.revision) :]

    def events_since(self, dataplane_id: str, cursor: int) -> list[Event]:
        """The data plane's PENDING events with a greater cursor, ascending by cursor."""
        waiting = self.pending.get(dataplane_id)
        if not waiting:
            return []
        newer = (event for event in waiting.values() if event.cursor > cursor)
        return sorted(newer, key=lambda event: event.cursor)

    def rings(self, dataplane_id: str, cursor: int) -> bool:
        """Whether `events_since` has any."""
        waiting = self.pending.get(dataplane_id)
        return waiting is not None and any(event.cursor > cursor for event in waiting.values())

    def take(self, fresh: Fresh) -> set[str]:
        """Enter what a re-read brought; the data planes that got an event."""
        self.batches.clear()
        if fresh.whole:
            self.configurations, self.values, self.secrets, self.pending, self.timeline = {}, {}, {}, {}, []
            self.revocations = []
        for configuration in fresh.configurations:
            former = self.configurations.get(configuration.user_id)
            if former is not None:  # what it refers to no more is gone from the store, too
                for ref in set(former.secret_refs).difference(configuration.secret_refs):
                    self.secrets.pop(ref, None)
            self.configurations[configuration.user_id] = configuration
            self.timeline.append((configuration.revision, configuration.user_id))
        self.values.update(((value.dataplane_id, value.slot), value) for value in fresh.values)
        self.revocations += fresh.revocations
        self.secrets.update(fresh.secrets)
        self.delivery_key_id = fresh.delivery_key_id
        for event in fresh.events:
            self._replace_pending(event)
        self.revision, self.event_cursor = fresh.revision, fresh.event_cursor
        if len(self.timeline) > 2 * len(self.configurations) + 1000:
            self.timeline = sorted((item.revision, user) for user, item in self.configurations.items())
        return {event.dataplane_id for event in fresh.events}

    def follow(self, made: Made) -> set[str] | None:
        """Enter what a unit of work made, if it is just what comes next; None when it is to be read."""
        if (self.revision, self.event_cursor) != made.before or _missing_refs(made.configurations, self.secrets):
            return None
        configurations, events = list(made.configurations), list(made.events)
        return self.take(Fresh(False, *made.after, configurations, [], [], {}, self.delivery_key_id, events))

    def close(self, dataplane_id: str, event_id: str, cursor: str) -> None:
        """The event is no longer pending, unless it became so once more after that: a view may be ahead of notices."""
        waiting = self.pending.get(dataplane_id, {})
        event = waiting.get(event_id)
        if event is not None and event.cursor <= int(cursor):
            del waiting[event_id]

    def _replace_pending(self, event: Event) -> None:
        """At most one PENDING event a slot: the newer one takes the older one's place."""
        waiting = self.pending.setdefault(event.dataplane_id, {})
        for other in [other for other in waiting.values() if other.slot == event.slot]:
            del waiting[other.id]
        if event.status is EventStatus.PENDING and event.not_before is None:
            waiting[event.id] = event


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a re-read brought. `whole`: it is everything, and what it does not bring is gone."""

    whole: bool
    revision: int
    event_cursor: int
    configurations: list[Configuration]
    values: list[SlotValue]
    revocations: list[Revocation]
    secrets: dict[str, StoredSecret]
    delivery_key_id: str
    events: list[Event]


async def read_newer(work: UnitOfWork, view: View, *, whole: bool) -> Fresh | None:
    """What is newer than the view; everything when asked to, or when the store went back (a restored database)."""
    workspace = await work.workspaces.get(view.workspace_id)
    if workspace is None:
        return None
    counters, known = (workspace.revision, workspace.event_cursor), (view.revision, view.event_cursor)
    whole = whole or counters[0] < known[0] or counters[1] < known[1]
    if counters == known and not whole:
        return None
    revision, cursor = (0, 0) if whole else known
    configurations = await work.configurations.changed_since(view.workspace_id, revision)
    keys = await work.secrets.delivery_keys(view.workspace_id)
    key_id = keys[-1].id if keys else ""
    if key_id != view.delivery_key_id:  # under a new one every secret's delivered form is another
        missing = _missing_refs([*view.configurations.values(), *configurations], {})
    else:
        missing = _missing_refs(configurations, {} if whole else view.secrets)
    return Fresh(
        whole,
        *counters,
        configurations,
        await work.values.changed_since(view.workspace_id, revision),
        await work.revocations.changed_since(view.workspace_id, revision),
        dict(await work.secrets.by_refs(view.workspace_id, missing)) if missing else {},
        key_id,
        await work.events.pending_since(view.workspace_id, cursor),
    )


def _missing_refs(configurations: Iterable[Configuration], known: dict[str, StoredSecret]) -> set[str]:
    return {ref for configuration in configurations for ref in configuration.secret_refs} - known.keys()
