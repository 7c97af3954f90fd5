"""What is newer, from memory: each workspace's newest desired values and pending events, kept true by notices.

An unchanged poll touches no database. A view is read once, at a workspace's first poll; after that each notice (and a
safety re-read, should one get lost) reads only what is newer. Waiters are woken after the view has it.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from controlplane.domain.configurations import Configuration, SlotValue
from controlplane.domain.errors import DomainError
from controlplane.domain.events import Event, EventStatus
from controlplane.domain.revocations import Revocation
from controlplane.domain.secrets import StoredSecret
from controlplane.services.ports import Notice, Store, UnitOfWork

WAKE_SLICE = 500
log = logging.getLogger(__name__)


@dataclass(slots=True)
class View:
    """The newest of everything in one workspace. `timeline` holds (revision, user) ascending; older entries of a user
    stay until compaction and are skipped because the user's newest revision differs. `values` are by data plane (empty:
    of all) and slot; `revocations` ascend by revision, one of a key that was revoked for longer stays beside it."""

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

    def take(self, fresh: _Fresh) -> set[str]:
        """Enter what a re-read brought; the data planes that got an event."""
        if fresh.whole:
            self.configurations, self.values, self.secrets, self.pending, self.timeline = {}, {}, {}, {}, []
            self.revocations = []
        for configuration in fresh.configurations:
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
class _Fresh:
    whole: bool
    revision: int
    event_cursor: int
    configurations: list[Configuration]
    values: list[SlotValue]
    revocations: list[Revocation]
    secrets: dict[str, StoredSecret]
    delivery_key_id: str
    events: list[Event]


@dataclass(eq=False, slots=True)
class _Waiter:
    dataplane_id: str
    woken: asyncio.Future[bool]


class Feed:
    """The views of this replica. All methods run on the one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._views: dict[str, View] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._due: dict[str, asyncio.Task[View]] = {}  # reads that have not begun yet
        self._waiters: dict[str, set[_Waiter]] = {}
        self._closing = False
        self.hanging = 0  # polls that hang now
        self.on_identity: Callable[[str], None] = lambda _identity: None

    @property
    def closing(self) -> bool:
        """Whether the process drains."""
        return self._closing

    def view_now(self, workspace_id: str) -> View | None:
        """The view if it is in memory."""
        return self._views.get(workspace_id)

    async def view(self, workspace_id: str) -> View:
        """The workspace's view, read at first use. Raises Unavailable."""
        found = self._views.get(workspace_id)
        return found if found is not None else await self.refresh(workspace_id)

    async def refresh(self, workspace_id: str, *, whole: bool = False) -> View:
        """Read what is newer than the view, or everything, and wake who waits. Raises Unavailable.

        One read a workspace at a time; everybody who asks while one is under way shares the next, however many ask.
        """
        if whole:
            return await self._refresh(workspace_id, whole=True)
        due = self._due.get(workspace_id)
        if due is None:
            due = self._due[workspace_id] = asyncio.create_task(self._refresh(workspace_id, whole=False))
            due.add_done_callback(_heard)
        return await asyncio.shield(due)

    async def _refresh(self, workspace_id: str, *, whole: bool) -> View:
        async with self._lock(workspace_id):
            if not whole:
                self._due.pop(workspace_id, None)
            view = self._views.get(workspace_id) or View(workspace_id)
            async with self._store.reading() as work:
                fresh = await _read(work, view, whole=whole)
            if fresh is None:
                return view
            moved = fresh.revision != view.revision
            rung = view.take(fresh)
            self._views[workspace_id] = view
        await self._wake(workspace_id, None if moved else rung)
        return view

    async def wait(self, view: View, dataplane_id: str, longest: float, newer: Callable[[], bool]) -> None:
        """Return when `newer()` is true, after `longest` seconds, when the process drains, or when the data plane is
        no longer what it was when it asked (revoked, retired)."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + longest
        waiters = self._waiters.setdefault(view.workspace_id, set())
        self.hanging += 1
        try:
            # What wakes a workspace's waiters need not be what this one waits for.
            while not newer() and not self._closing and loop.time() < ends_at:
                if await self._woken(waiters, dataplane_id, ends_at):
                    return
        finally:
            self.hanging -= 1

    async def _woken(self, waiters: set[_Waiter], dataplane_id: str, ends_at: float) -> bool:
        """Whether it was for what became of the data plane itself."""
        loop = asyncio.get_running_loop()
        waiter = _Waiter(dataplane_id, loop.create_future())
        waiters.add(waiter)
        handle = loop.call_at(ends_at, _finish, waiter)
        try:
            return await waiter.woken
        finally:
            handle.cancel()
            waiters.discard(waiter)

    async def follow(self) -> None:
        """Apply the store's notices for as long as the process lives."""
        async for notice in self._store.notices():
            try:
                await self._apply(notice)
            except DomainError as error:
                log.warning("a notice could not be followed, the safety re-read will: %s", error)
            except Exception:
                log.exception("a notice could not be followed, the safety re-read will")

    async def reread(self, *, whole: bool = False) -> None:
        """The safety net under notices: read what is newer (or everything) in every workspace in memory."""
        for workspace_id in list(self._views):
            await self.refresh(workspace_id, whole=whole)

    async def drain(self) -> None:
        """Answer every hanging poll now and let none hang again."""
        self._closing = True
        for workspace_id in list(self._waiters):
            await self._wake(workspace_id, None)

    async def _apply(self, notice: Notice) -> None:
        if notice.identity:
            self.on_identity(notice.identity)
            for waiter in self._waiters.get(notice.workspace_id, ()):
                if waiter.dataplane_id == notice.identity:
                    _finish(waiter, for_good=True)
        elif not notice.workspace_id:
            self.on_identity("")
            await self.reread(whole=True)  # closed events are not among what is newer
        elif notice.closed_event:
            async with self._lock(notice.workspace_id):  # or a read from before it was closed would bring it back
                view = self._views.get(notice.workspace_id)
                if view is not None:
                    view.close(*notice.closed_event.split("/"))
        elif notice.workspace_id in self._views:
            await self.refresh(notice.workspace_id)

    def _lock(self, workspace_id: str) -> asyncio.Lock:
        return self._locks.setdefault(workspace_id, asyncio.Lock())

    async def _wake(self, workspace_id: str, dataplanes: set[str] | None) -> None:
        """In slices, so that thousands of answers do not hold the loop; None wakes everybody of the workspace."""
        waiting = [
            waiter
            for waiter in self._waiters.get(workspace_id, ())
            if dataplanes is None or waiter.dataplane_id in dataplanes
        ]
        for start in range(0, len(waiting), WAKE_SLICE):
            for waiter in waiting[start : start + WAKE_SLICE]:
                _finish(waiter)
            await asyncio.sleep(0)


def _heard(read: asyncio.Task[View]) -> None:
    """Whoever waited for it may be gone: nobody is warned of a failure that nobody waits for."""
    if not read.cancelled():
        read.exception()


def _finish(waiter: _Waiter, *, for_good: bool = False) -> None:
    if not waiter.woken.done():
        waiter.woken.set_result(for_good)


async def _read(work: UnitOfWork, view: View, *, whole: bool) -> _Fresh | None:
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
    return _Fresh(
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
