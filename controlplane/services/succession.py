"""Who gives way to whom in a slot, and what the successor takes over: that everything is still needed is never lost."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from controlplane.domain.events import Event, EventStatus
from controlplane.services.ports import UnitOfWork, WaitingEvent


def full_revision(event: Event | WaitingEvent) -> int | None:
    """The revision up to which a full event covers everything; None when the event is not full."""
    if not event.payload:
        return None
    payload = json.loads(event.payload)
    return int(payload["revision"]) if payload.get("full") else None


def full_payload(revision: int) -> bytes:
    """What makes an event a full one."""
    return json.dumps({"full": True, "revision": revision}).encode()


def heir(successor: Event, replaced: Event | WaitingEvent | None, revision: int = 0) -> Event:
    """The successor, a full event if the replaced one was; it then covers what both did, and `revision`."""
    wanted = full_revision(replaced) if replaced else None
    if wanted is None:
        return successor
    return replace(successor, payload=full_payload(max(wanted, revision, full_revision(successor) or 0)))


def waiting_for(event: Event, live: Iterable[Event]) -> Event | None:
    """The PENDING event that waits in the event's slot, if it is another one; `live` are the slot's, oldest first."""
    waiting = [other for other in live if other.status is EventStatus.PENDING and other.id != event.id]
    return waiting[-1] if waiting else None


async def give_way(work: UnitOfWork, event: Event, successor: Event, now: datetime) -> list[Event]:
    """The event superseded and the waiting successor with what it takes over, to be saved.

    A successor that changed is told again under a new cursor: the workspace must be locked.
    """
    superseded, changed = event.supersede(successor.id, now), heir(successor, event)
    if changed is successor:
        return [superseded]
    cursor = await work.workspaces.take_cursors(event.workspace_id, 1)
    return [superseded, replace(changed, cursor=cursor)]


def covers(ended: Event, other: Event) -> bool:
    """Whether an ended event leaves nothing of another one of its slot to do."""
    needed = full_revision(other)
    reached = full_revision(ended)
    everything = needed is None or (reached is not None and reached >= needed)
    return everything and other.id != ended.id and other.configuration_version <= ended.completed_version


def covered_by(ended: Event, live: Iterable[Event]) -> list[Event]:
    """Those of its slot's `live` events that an ended event covers, superseded; a dead letter covers none."""
    if ended.status is EventStatus.DEAD_LETTER or ended.completed_at is None:
        return []
    return [other.supersede(ended.id, ended.completed_at) for other in live if covers(ended, other)]
