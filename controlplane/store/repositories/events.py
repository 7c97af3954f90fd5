"""Events: the database holds that a slot has one PENDING and one ACKNOWLEDGED event at most, so order matters."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, bindparam, delete, func, select, update

from controlplane.domain.dataplanes import Boot
from controlplane.domain.errors import NotFound
from controlplane.domain.events import Event, EventStatus
from controlplane.services.ports import EventsToProcess, WaitingEvent
from controlplane.store.rows import in_parts, to_row
from controlplane.store.tables import ACKNOWLEDGED, APPLIED, FINISHED, LIVE, PENDING, WAITING, events
from controlplane.store.transaction import Transaction

# Places in a slot are left before they are taken: first who ends, then who is taken, then who waits again.
TAKES_A_PLACE = {EventStatus.ACKNOWLEDGED: 1, EventStatus.PENDING: 2}
# What the events of one change differ in; all else is told to the database once for them.
OWN = ("id", "dataplane_id", "slot", "user_id", "configuration_version", "cursor", "etag")
SHARED = tuple(name for name in events.columns.keys() if name not in OWN)  # noqa: SIM118
FIXED = ("id", "workspace_id", "dataplane_id", "created_at")
_OWN_FIELDS = attrgetter(*OWN)
_SHARED_FIELDS = attrgetter("holder", *(name for name in SHARED if not name.startswith("holder_")))


class SqlEvents:
    """The port's Events."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, events_: Sequence[Event]) -> None:
        """Raises AlreadyExists when a slot has a live event of that status."""
        for alike, rows in _alike(events_):
            await self._transaction.insert_alike(events, OWN, rows, alike)

    async def get(self, event_id: str) -> Event | None:
        """By id."""
        row = await self._transaction.first(select(events).where(events.c.id == event_id))
        return _event(row) if row else None

    async def by_ids(self, event_ids: Collection[str]) -> list[Event]:
        """Those there are, in no order."""
        found: list[Event] = []
        for part in in_parts(sorted(set(event_ids))):
            found += await self._all(_where(events.c.id.in_(part)))
        return found

    async def get_for_update(self, event_id: str) -> Event | None:
        """Like get, and nobody else changes the row until the unit of work ends."""
        rows = await self._transaction.held(select(events).where(events.c.id == event_id))
        return _event(rows[0]) if rows else None

    async def waiting_in_slot(self, workspace_id: str, slot: str) -> list[WaitingEvent]:
        """PENDING events of that slot on every data plane, ascending by data plane."""
        query = select(events.c.id, events.c.dataplane_id, events.c.payload)
        query = query.where(events.c.workspace_id == workspace_id, events.c.slot == slot, PENDING)
        rows = await self._transaction.to_change(query.order_by(events.c.dataplane_id))
        return [WaitingEvent(row.id, row.dataplane_id, row.payload) for row in rows]

    async def live_in_slot(self, dataplane_id: str, slot: str) -> list[Event]:
        """PENDING and ACKNOWLEDGED events of that slot on that data plane, oldest first."""
        query = _where(events.c.dataplane_id == dataplane_id, events.c.slot == slot, LIVE)
        return await self._to_change(query.order_by(events.c.id))

    async def live_in_slots(self, dataplane_id: str, slots: Collection[str]) -> list[Event]:
        """PENDING and ACKNOWLEDGED events of those slots, oldest first."""
        found: list[Event] = []
        for part in in_parts(sorted(set(slots))):
            query = _where(events.c.dataplane_id == dataplane_id, events.c.slot.in_(part), LIVE)
            found += await self._to_change(query.order_by(events.c.id))
        return sorted(found, key=lambda event: event.id)

    async def live_in_any(self, dataplane_ids: Collection[str], slots: Collection[str]) -> list[Event]:
        """By data plane, oldest first; publications hold a slot's events in the same order."""
        found: list[Event] = []
        there = events.c.slot.in_(sorted(set(slots)))
        for part in in_parts(sorted(set(dataplane_ids))):
            query = _where(events.c.dataplane_id.in_(part), there, LIVE)
            found += await self._to_change(query.order_by(events.c.dataplane_id, events.c.id))
        return found

    async def live_of_dataplane(self, dataplane_id: str) -> list[Event]:
        """PENDING and ACKNOWLEDGED events of every slot, oldest first."""
        return await self._to_change(_where(events.c.dataplane_id == dataplane_id, LIVE).order_by(events.c.id))

    async def held_by(self, dataplane_ids: Collection[str]) -> list[Event]:
        """ACKNOWLEDGED events of those data planes, oldest first of each part that is asked for."""
        found: list[Event] = []
        for part in in_parts(list(dataplane_ids)):
            found += await self._to_change(_where(events.c.dataplane_id.in_(part), ACKNOWLEDGED).order_by(events.c.id))
        return found

    async def save(self, events_: Sequence[Event]) -> None:
        """Write changed events back by id. Raises NotFound when one does not exist."""
        if not events_:
            return
        ordered = sorted(events_, key=lambda event: (TAKES_A_PLACE.get(event.status, 0), event.id))
        rows = [_changed_values(event) for event in ordered]
        if await self._transaction.change(update(events).where(events.c.id == bindparam("event_id")), rows) < len(rows):
            raise NotFound("an event to be changed does not exist")

    async def supersede(self, successors: Mapping[str, Event], now: datetime) -> None:
        """Raises NotFound when one is not there, or no longer PENDING."""
        if not successors:
            return
        rows = [(event_id, successor.id, successor.etag) for event_id, successor in successors.items()]
        alike = {"status": EventStatus.SUPERSEDED, "completed_at": now, "lease_expires_at": None}
        columns = ("id", "superseded_by", "etag")
        if await self._transaction.change_each(events, columns, rows, alike, PENDING) < len(rows):
            raise NotFound("an event to be superseded does not wait any more")

    async def lapsed(self, now: datetime, limit: int) -> list[Event]:
        """Those that another replica works on are left to it."""
        return await self._held(lapsed(now, limit))

    async def due(self, now: datetime, limit: int) -> list[Event]:
        """Earliest first; those that another replica works on are left to it."""
        return await self._held(due(now, limit))

    async def pending_since(self, workspace_id: str, cursor: int) -> list[Event]:
        """PENDING events whose cursor is greater, ascending by cursor."""
        return await self._all(pending_since(workspace_id, cursor))

    async def to_process(self, narrow: EventsToProcess, now: datetime, after: str, limit: int) -> list[Event]:
        """Ascending by id."""
        return await self._all(to_process(narrow, now, after).limit(limit))

    async def proofs(self, dataplane_id: str, slots: Collection[str]) -> Mapping[str, bytes]:
        """By slot, of the newest APPLIED event."""
        found: dict[str, bytes] = {}
        for part in in_parts(sorted(set(slots))):
            newest = select(func.max(events.c.id)).where(
                events.c.dataplane_id == dataplane_id, events.c.slot.in_(part), APPLIED
            )
            query = select(events.c.slot, events.c.proof).where(events.c.id.in_(newest.group_by(events.c.slot)))
            found.update((row.slot, row.proof) for row in await self._transaction.rows(query))
        return found

    async def purge_finished(self, completed_before: datetime, limit: int) -> int:
        """Oldest first."""
        oldest = select(events.c.id).where(events.c.completed_at < completed_before, FINISHED)
        oldest = oldest.order_by(events.c.completed_at).limit(limit)
        return await self._transaction.change(delete(events).where(events.c.id.in_(oldest)))

    async def page(
        self, workspace_id: str, dataplane_id: str, slot: str, after: str, limit: int, *, finished: bool
    ) -> list[Event]:
        """`finished` False: live ones, ascending by id; True: all, descending by id."""
        query = page(workspace_id, dataplane_id, slot, after, finished=finished)
        return await self._all(query.limit(limit))

    async def _all(self, query: Select[*tuple[Any, ...]]) -> list[Event]:
        return [_event(row) for row in await self._transaction.rows(query)]

    async def _to_change(self, query: Select[*tuple[Any, ...]]) -> list[Event]:
        return [_event(row) for row in await self._transaction.to_change(query)]

    async def _held(self, query: Select[*tuple[Any, ...]]) -> list[Event]:
        return [_event(row) for row in await self._transaction.held(query, skip_locked=True)]


def lapsed(now: datetime, limit: int) -> Select[*tuple[Any, ...]]:
    """ACKNOWLEDGED events whose lease ended at or before `now`, oldest lease first."""
    query = _where(events.c.lease_expires_at <= now, ACKNOWLEDGED)
    return query.order_by(events.c.lease_expires_at).limit(limit)


def due(now: datetime, limit: int) -> Select[*tuple[Any, ...]]:
    """PENDING events whose `not_before` has passed and is not yet cleared."""
    return _where(events.c.not_before <= now, WAITING).order_by(events.c.not_before).limit(limit)


def pending_since(workspace_id: str, cursor: int) -> Select[*tuple[Any, ...]]:
    """PENDING events of a workspace from a cursor on."""
    query = _where(events.c.workspace_id == workspace_id, events.c.cursor > cursor, PENDING)
    return query.order_by(events.c.cursor)


def to_process(narrow: EventsToProcess, now: datetime, after: str) -> Select[*tuple[Any, ...]]:
    """What somebody may take now, in its order, before the limit."""
    query = _where(events.c.workspace_id == narrow.workspace_id, LIVE, events.c.id > after)
    if narrow.dataplane_id:
        query = query.where(events.c.dataplane_id == narrow.dataplane_id)
    if narrow.slot:
        query = query.where(events.c.slot == narrow.slot)
    other = events.alias("other")
    same_slot = (other.c.dataplane_id == events.c.dataplane_id) & (other.c.slot == events.c.slot)
    at_work = select(other.c.id).where(same_slot, _worked_on(other, narrow.boot, now))
    waits = events.c.not_before.is_(None) | (events.c.not_before <= now)
    return query.where(waits | ACKNOWLEDGED, ~at_work.exists()).order_by(events.c.id)


def _worked_on(table: FromClause, boot: Boot | None, now: datetime) -> ColumnElement[bool]:
    """Under a live lease of somebody else."""
    leased: ColumnElement[bool] = (table.c.status == EventStatus.ACKNOWLEDGED) & (table.c.lease_expires_at > now)
    if boot is None:
        return leased
    own = (table.c.holder_counter == boot.counter) & (table.c.holder_nonce == boot.nonce)
    return leased & ~own


def page(workspace_id: str, dataplane_id: str, slot: str, after: str, *, finished: bool) -> Select[*tuple[Any, ...]]:
    """A page's events in its order, before the limit."""
    query = _where(events.c.workspace_id == workspace_id)
    if dataplane_id:
        query = query.where(events.c.dataplane_id == dataplane_id)
    if slot:
        query = query.where(events.c.slot == slot)
    if not finished:
        return query.where(LIVE, events.c.id > after).order_by(events.c.id)
    if after:
        query = query.where(events.c.id < after)
    return query.order_by(events.c.id.desc())


def _where(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return select(events).where(*conditions)


def _values(event: Event) -> dict[str, Any]:
    holder = event.holder
    return to_row(
        event,
        events,
        holder_counter=holder.counter if holder else None,
        holder_nonce=holder.nonce if holder else None,
    )


def _alike(events_: Sequence[Event]) -> Iterator[tuple[Mapping[str, Any], list[tuple[Any, ...]]]]:
    """What events share and, of each, what is its own; most often all of them share it."""
    groups: dict[tuple[Any, ...], list[Event]] = {}
    for event in events_:
        groups.setdefault(_SHARED_FIELDS(event), []).append(event)
    for group in groups.values():
        values = _values(group[0])
        yield {name: values[name] for name in SHARED}, [_OWN_FIELDS(event) for event in group]


def _changed_values(event: Event) -> dict[str, Any]:
    changed = {name: value for name, value in _values(event).items() if name not in FIXED}
    return {**changed, "event_id": event.id}


def _event(row: Row[Any]) -> Event:
    fields = dict(row._mapping)
    counter, nonce = fields.pop("holder_counter"), fields.pop("holder_nonce")
    return Event(**fields, holder=None if counter is None else Boot(counter, nonce))
