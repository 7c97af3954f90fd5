"""Rings slots of one data plane again: events for what is desired already, taking the places of those that wait."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.events import Event, EventStatus
from controlplane.domain.slots import WORKSPACE_SLOT, DesiredSlot, event_type_of, user_of
from controlplane.domain.workspaces import Workspace
from controlplane.services.ports import Ids, Notice, UnitOfWork
from controlplane.services.succession import full_payload, heir


class Ringer:
    """Every method expects the workspace's row to be locked by `work`."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    async def ring(
        self, work: UnitOfWork, plane: Dataplane, wanted: Collection[DesiredSlot], cause: str
    ) -> Mapping[str, str]:
        """One event a slot; their ids by slot."""
        now = await work.now()
        events = [self._event(plane, each, now, cause) for each in wanted]
        return {event.slot: event.id for event in await self._enqueue(work, plane, events, now)}

    async def ring_everything(self, work: UnitOfWork, workspace: Workspace, plane: Dataplane, cause: str) -> str:
        """One full event, whose completion says that everything up to the present revision is as desired; its id."""
        now = await work.now()
        found = await work.slots.desired_of(workspace.id, plane.id, [WORKSPACE_SLOT])
        desired = found.get(WORKSPACE_SLOT) or DesiredSlot(WORKSPACE_SLOT, 0, 0, "")
        event = replace(self._event(plane, desired, now, cause), payload=full_payload(workspace.revision))
        await work.dataplanes.want_everything(plane.id, workspace.revision)
        (placed,) = await self._enqueue(work, plane, [event], now)
        return placed.id

    async def _enqueue(self, work: UnitOfWork, plane: Dataplane, events: list[Event], now: datetime) -> list[Event]:
        if not events:
            return []
        live = await work.events.live_in_slots(plane.id, {event.slot for event in events})
        pending = {event.slot: event for event in live if event.status is EventStatus.PENDING}
        first = await work.workspaces.take_cursors(plane.workspace_id, len(events))
        placed = [
            replace(heir(event, pending.get(event.slot)), cursor=first + place) for place, event in enumerate(events)
        ]
        replaced = {pending[event.slot].id: event for event in placed if event.slot in pending}
        await work.events.supersede(replaced, now)
        await work.events.add(placed)
        work.announce(Notice(plane.workspace_id))
        return placed

    def _event(self, plane: Dataplane, desired: DesiredSlot, now: datetime, cause: str) -> Event:
        return Event(
            id=self._ids.new("evt"),
            workspace_id=plane.workspace_id,
            dataplane_id=plane.id,
            type=event_type_of(desired.slot),
            slot=desired.slot,
            user_id=user_of(desired.slot),
            configuration_version=desired.version,
            status=EventStatus.PENDING,
            cursor=0,
            created_at=now,
            metadata=json.dumps({"cause": cause}).encode(),
            etag=self._ids.new("etg"),
        )
