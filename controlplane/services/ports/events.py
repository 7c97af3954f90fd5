"""What the store keeps of events. `None` means "not found"; a list is ordered as its docstring says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controlplane.domain.dataplanes import Boot
from controlplane.domain.events import Event


@dataclass(frozen=True, slots=True)
class EventsToProcess:
    """Events that somebody may take now: PENDING and not held back, or under a lease that has ended, in slots that
    nobody works on under a live one. Held by `boot` under a live lease is `boot`'s own to go on with.

    Empty `dataplane_id` or `slot`: any.
    """

    workspace_id: str
    dataplane_id: str = ""
    slot: str = ""
    boot: Boot | None = None


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """Of a PENDING event, what decides how another one takes its place."""

    id: str
    dataplane_id: str
    payload: bytes


class Events(Protocol):
    """Events. At most one PENDING and one ACKNOWLEDGED event a (data plane, slot), held by the database too.

    In a writing unit of work, what `waiting_in_slot`, `live_in_slot` and `live_of_dataplane` return is held for update.
    """

    async def add(self, events: Sequence[Event]) -> None: ...

    async def get(self, event_id: str) -> Event | None: ...

    async def by_ids(self, event_ids: Collection[str]) -> list[Event]:
        """Those there are, in no order."""

    async def get_for_update(self, event_id: str) -> Event | None:
        """Like get, and nobody else changes the row until the unit of work ends."""

    async def waiting_in_slot(self, workspace_id: str, slot: str) -> list[WaitingEvent]:
        """PENDING events of that slot on every data plane, ascending by data plane."""

    async def live_in_slot(self, dataplane_id: str, slot: str) -> list[Event]:
        """PENDING and ACKNOWLEDGED events of that slot on that data plane, oldest first."""

    async def live_in_slots(self, dataplane_id: str, slots: Collection[str]) -> list[Event]:
        """The same of several slots, oldest first; held for update in a writing unit of work."""

    async def live_in_any(self, dataplane_ids: Collection[str], slots: Collection[str]) -> list[Event]:
        """PENDING and ACKNOWLEDGED events of those slots on those data planes; by data plane, oldest first.

        Held for update in a writing unit of work."""

    async def live_of_dataplane(self, dataplane_id: str) -> list[Event]: ...

    async def held_by(self, dataplane_ids: Collection[str]) -> list[Event]:
        """ACKNOWLEDGED events of those data planes."""

    async def to_process(self, narrow: EventsToProcess, now: datetime, after: str, limit: int) -> list[Event]:
        """Ascending by id, greater than `after`."""

    async def proofs(self, dataplane_id: str, slots: Collection[str]) -> Mapping[str, bytes]:
        """By slot, the proof of its newest APPLIED event; absent when there is none."""

    async def purge_finished(self, completed_before: datetime, limit: int) -> int:
        """Drop finished events, oldest first, at most `limit`; how many went."""

    async def save(self, events: Sequence[Event]) -> None:
        """Write changed events back by id, in whatever order the slots need. Raises NotFound when one is missing."""

    async def supersede(self, successors: Mapping[str, Event], now: datetime) -> None:
        """Events by the ids of PENDING ones whose places they take: those end as by `Event.supersede`, all at once,
        each under the etag of its successor. Raises NotFound when one is not there, or no longer PENDING."""

    async def lapsed(self, now: datetime, limit: int) -> list[Event]:
        """ACKNOWLEDGED events whose lease ended at or before `now`, oldest lease first, held for update."""

    async def due(self, now: datetime, limit: int) -> list[Event]:
        """PENDING events whose `not_before` has passed and is not yet cleared, held for update."""

    async def pending_since(self, workspace_id: str, cursor: int) -> list[Event]:
        """PENDING events whose cursor is greater, ascending by cursor."""

    async def page(
        self, workspace_id: str, dataplane_id: str, slot: str, after: str, limit: int, *, finished: bool
    ) -> list[Event]:
        """`finished` False: PENDING and ACKNOWLEDGED, ascending by id (ids sort by time); True: all, descending by id.

        Empty `dataplane_id`/`slot` means any. Strictly after the id `after` in that order; empty starts.
        """
