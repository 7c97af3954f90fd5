"""The events that one transaction works on, with their data planes: read and held at once, written back at once.

Whoever comes later in the transaction sees what came before, in memory. Locks are taken as everybody takes them: data
planes before events, both in the order of the data planes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.events import Event
from controlplane.services.ports import UnitOfWork

Key = tuple[str, str]  # a data plane and an event that it says is its own


class HeldEvents:
    """Made by `hold`. `now` is the time of all that is done here."""

    def __init__(self, work: UnitOfWork, now: datetime, planes: Iterable[Dataplane], events: Iterable[Event]) -> None:
        self.work = work
        self.now = now
        self._planes = {plane.id: plane for plane in planes}
        self._events = {event.id: event for event in events}
        self._changed: dict[str, Event] = {}

    def plane(self, dataplane_id: str) -> Dataplane | None:
        """As it is by now."""
        return self._planes.get(dataplane_id)

    def event(self, event_id: str) -> Event | None:
        """As it is by now."""
        return self._events.get(event_id)

    def live_in_slot(self, dataplane_id: str, slot: str) -> list[Event]:
        """PENDING and ACKNOWLEDGED, oldest first."""
        there = (each for each in self._events.values() if (each.dataplane_id, each.slot) == (dataplane_id, slot))
        return sorted((each for each in there if each.live), key=lambda event: event.id)

    def put_plane(self, plane: Dataplane) -> None:
        """It changed, and that is stored."""
        self._planes[plane.id] = plane

    def save(self, events: Iterable[Event]) -> None:
        """They changed; stored by `flush`."""
        for event in events:
            self._events[event.id] = self._changed[event.id] = event

    async def flush(self) -> None:
        """Write what changed."""
        changed, self._changed = list(self._changed.values()), {}
        await self.work.events.save(changed)


async def hold(work: UnitOfWork, keys: Sequence[Key]) -> HeldEvents:
    """What steps on these events need: the events, the other live ones of their slots, and the data planes."""
    planes = await work.dataplanes.lock_all({dataplane_id for dataplane_id, _ in keys})
    owners = {plane.id for plane in planes}
    asked = await work.events.by_ids({event_id for _, event_id in keys})
    ours = [event for event in asked if event.dataplane_id in owners]
    live = await work.events.live_in_any({event.dataplane_id for event in ours}, {event.slot for event in ours})
    left = {event.id for event in asked if event.live} - {event.id for event in live}
    if left:  # they ended in between
        ended = {event.id: event for event in await work.events.by_ids(left)}
        asked = [ended.get(event.id, event) for event in asked]
    return HeldEvents(work, await work.now(), planes, [*asked, *live])
