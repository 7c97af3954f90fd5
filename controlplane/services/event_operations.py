"""What operators do to single events: replay a dead letter, replace what callers keep with an event."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from controlplane.domain.callers import Caller, DataplaneCaller, Role
from controlplane.domain.errors import Changed, NotFound, StateConflict
from controlplane.domain.events import Event, EventStatus
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management, unknown
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import Facts, record
from controlplane.services.ports import Ids, Notice, Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class UpdateEventMetadata:
    """`metadata` is JSON bytes, empty for none, and replaces what was there. `etag` empty: whatever is stored."""

    event_id: str
    metadata: bytes = field(repr=False)
    etag: str = ""


class EventOperations:
    """Somebody else's event is answered like an unknown one."""

    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    async def replay(self, caller: Caller, event_id: str, request: RequestKey | None = None) -> Event:
        """Put a dead letter back with fresh attempts; needs the role operator.

        Raises StateConflict when the event is no dead letter, when a newer event of its slot is live, or when its data
        plane was revoked.
        """
        management = require_management(caller)
        async with self._store.unit_of_work() as work:
            workspace, event = await self._hold(work, management, event_id)
            await first_time(work, request)
            plane = await work.dataplanes.get(event.dataplane_id)
            if plane is None or plane.revoked_at is not None:
                raise StateConflict("its data plane was revoked", subject=event.id, reason="DATAPLANE_REVOKED")
            replayed = event.replay()
            live = await work.events.live_in_slot(event.dataplane_id, event.slot)
            newer = [other for other in live if other.id > event.id]
            if newer:
                raise StateConflict(
                    f"event {newer[-1].id} of slot {event.slot} is newer and live: there is nothing to replay",
                    subject=event.id,
                    reason="NEWER_EVENT_LIVE",
                )
            now = await work.now()
            older = [other for other in live if other.status is EventStatus.PENDING]
            await work.events.save([self._stamped(other.supersede(event.id, now)) for other in older])
            replayed = await self._rung(work, replayed)
            await record(work, caller, "event.replay", event.id, workspace, {"slot": event.slot})
            await remember(work, request, replayed)
            return replayed

    async def update_metadata(
        self, caller: Caller, command: UpdateEventMetadata, request: RequestKey | None = None
    ) -> Event:
        """Also of a finished event. A data plane may do it to its own events, a key needs the role operator.

        Raises Changed when the etag is not the stored one.
        """
        async with self._store.unit_of_work() as work:
            workspace, event = await self._hold(work, caller, command.event_id)
            await first_time(work, request)
            if command.etag and command.etag != event.etag:
                raise Changed("the event has another etag: read it again, then replace its metadata")
            changed = replace(event, metadata=command.metadata)
            if event.status is EventStatus.PENDING and event.not_before is None:
                changed = await self._rung(work, changed)  # under a new cursor, so that polls bring the new metadata
            else:
                changed = self._stamped(changed)
                await work.events.save([changed])
            facts: Facts = {"bytes": len(command.metadata), "slot": event.slot}
            await record(work, caller, "event.update_metadata", event.id, workspace, facts)
            await remember(work, request, changed)
            return changed

    async def _hold(self, work: UnitOfWork, caller: Caller, event_id: str) -> tuple[Workspace, Event]:
        """The event held for update behind its workspace and data plane, as everybody locks them."""
        seen = await work.events.get(event_id)
        own = not isinstance(caller, DataplaneCaller) or (seen and seen.dataplane_id == caller.dataplane_id)
        if seen is None or not own:
            if not isinstance(caller, DataplaneCaller):
                require_management(caller)
            raise unknown("event")
        try:
            workspace = await reach_workspace(work, caller, seen.workspace_id, Role.OPERATOR)
        except NotFound:
            raise unknown("event") from None
        workspace = await work.workspaces.lock(workspace.id) or workspace
        await work.dataplanes.lock(seen.dataplane_id)
        event = await work.events.get_for_update(event_id)
        if event is None:
            raise unknown("event")
        return workspace, event

    async def _rung(self, work: UnitOfWork, event: Event) -> Event:
        cursor = await work.workspaces.take_cursors(event.workspace_id, 1)
        placed = self._stamped(replace(event, cursor=cursor))
        await work.events.save([placed])
        work.announce(Notice(event.workspace_id))
        return placed

    def _stamped(self, event: Event) -> Event:
        return replace(event, etag=self._ids.new("etg"))
