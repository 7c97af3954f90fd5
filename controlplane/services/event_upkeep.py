"""What happens to events by themselves: leases run out, back-offs end, older boots are replaced.

Every change is made under the workspace's lock, taken before any event's, as publications do: the two never deadlock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from controlplane.domain.dataplanes import Boot
from controlplane.domain.events import Event, EventStatus
from controlplane.domain.slots import is_command
from controlplane.services.outcomes import settle
from controlplane.services.ports import Ids, Notice, Store, UnitOfWork
from controlplane.services.succession import give_way, waiting_for
from controlplane.services.upgrades import follow_command

BATCH = 500
Step = Callable[[Event, datetime], Event | None]


class EventUpkeep:
    """Each method may run at any time, on any replica, twice."""

    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    async def lapse_leases(self) -> int:
        """Put events whose lease ran out back to PENDING under a new cursor; how many there were."""
        async with self._store.unit_of_work() as work:
            found = await work.events.lapsed(await work.now(), BATCH)
        return await self._all(found, _lapsed)

    async def requeue_due(self) -> int:
        """Give events whose back-off is over a new cursor, so that hanging polls bring them; how many there were."""
        async with self._store.unit_of_work() as work:
            found = await work.events.due(await work.now(), BATCH)
        return await self._all(found, _due)

    async def release_older_boots(self, dataplane_id: str, boot: Boot) -> int:
        """A data plane came up again: what its older boots held waits for the new one at once; how many events."""

        def released(event: Event, now: datetime) -> Event | None:
            return event.lapse(now) if _held_before(event, boot) else None

        async with self._store.reading() as work:
            held = [event for event in await work.events.live_of_dataplane(dataplane_id) if _held_before(event, boot)]
        return await self._all(held, released)

    async def _all(self, found: Iterable[Event], step: Step) -> int:
        by_workspace: dict[str, list[Event]] = {}
        for event in found:
            by_workspace.setdefault(event.workspace_id, []).append(event)
        return sum([await self._in_workspace(workspace_id, part, step) for workspace_id, part in by_workspace.items()])

    async def _in_workspace(self, workspace_id: str, found: list[Event], step: Step) -> int:
        """Take the step for each event that still needs it, now that nobody else changes them."""
        async with self._store.unit_of_work() as work:
            await work.workspaces.lock(workspace_id)
            now = await work.now()
            changed = 0
            for seen in sorted(found, key=lambda event: (event.dataplane_id, event.id)):  # as groups of acks lock them
                await work.dataplanes.lock(seen.dataplane_id)  # before the event, as completions do
                event = await work.events.get_for_update(seen.id)
                stepped = step(event, now) if event else None
                if event is not None and stepped is not None:
                    await self._place(work, event, stepped, now)
                    changed += 1
            if changed:
                work.announce(Notice(workspace_id))
            return changed

    async def _place(self, work: UnitOfWork, event: Event, stepped: Event, now: datetime) -> None:
        """Back into its slot under a new cursor or given up, unless a newer event waits there already."""
        waiting = waiting_for(event, await work.events.live_in_slot(event.dataplane_id, event.slot))
        if waiting is not None:
            await work.events.save([self._stamped(each) for each in await give_way(work, event, waiting, now)])
        elif stepped.live:
            cursor = await work.workspaces.take_cursors(event.workspace_id, 1)
            await work.events.save([self._stamped(replace(stepped, cursor=cursor))])
        else:
            await self._give_up(work, self._stamped(stepped))

    async def _give_up(self, work: UnitOfWork, dead: Event) -> None:
        await work.events.save([dead])
        if is_command(dead.slot):
            await follow_command(work, dead)
        plane = await work.dataplanes.lock(dead.dataplane_id)
        if plane is not None:
            desired = await work.slots.desired_of(plane.workspace_id, plane.id, [dead.slot])
            await settle(work, plane, dead, desired.get(dead.slot))

    def _stamped(self, event: Event) -> Event:
        return replace(event, etag=self._ids.new("etg"))


def _lapsed(event: Event, now: datetime) -> Event | None:
    ended = event.lease_expires_at is not None and event.lease_expires_at <= now
    return event.lapse(now) if event.status is EventStatus.ACKNOWLEDGED and ended else None


def _due(event: Event, now: datetime) -> Event | None:
    over = event.not_before is not None and event.not_before <= now
    return replace(event, not_before=None) if event.status is EventStatus.PENDING and over else None


def _held_before(event: Event, boot: Boot) -> bool:
    held = event.status is EventStatus.ACKNOWLEDGED and event.holder is not None
    return held and event.holder is not None and event.holder.counter < boot.counter
