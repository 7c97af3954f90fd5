"""Events as data planes work on them: list, acknowledge under a lease, complete with proof; and their upkeep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from controlplane.domain.callers import Caller, DataplaneCaller
from controlplane.domain.dataplanes import Boot, SlotState
from controlplane.domain.errors import InvalidInput, StateConflict
from controlplane.domain.events import Event, EventStatus, check_boot
from controlplane.services.access import reach_workspace, require_dataplane, unknown
from controlplane.services.ports import Ids, Notice, Store, UnitOfWork
from controlplane.services.publishing import full_revision

UPKEEP_BATCH = 500


@dataclass(frozen=True, slots=True)
class ListEvents:
    """Events of a workspace; `finished` False: those that need processing, oldest first; True: all, newest first."""

    workspace_id: str
    dataplane_id: str = ""
    slot: str = ""
    after: str = ""
    limit: int = 50
    finished: bool = False


@dataclass(frozen=True, slots=True)
class CompleteEvent:
    """How the work ended. `applied` False: refused at `version`, for good unless `retryable`. `proof` is JSON bytes."""

    event_id: str
    applied: bool
    version: int
    digest: str
    fencing_token: int
    retryable: bool = False
    error: str = ""
    proof: bytes = b""


class EventService:
    """Use cases of events. Somebody else's event is answered like an unknown one."""

    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    async def list_events(self, caller: Caller, query: ListEvents) -> list[Event]:
        """A data plane sees its own only, and none that another live boot of it is working on."""
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, query.workspace_id)
            dataplane_id = query.dataplane_id
            if isinstance(caller, DataplaneCaller):
                if dataplane_id not in ("", caller.dataplane_id):
                    raise unknown("data plane")
                dataplane_id = caller.dataplane_id
            return await work.events.page(
                workspace.id, dataplane_id, query.slot, query.after, query.limit, finished=query.finished
            )

    async def acknowledge(self, caller: Caller, event_id: str, boot: Boot) -> Event:
        """Take the event, or renew its lease; the data plane's newest boot is remembered.

        Raises StateConflict for an older boot, a finished event, or a slot whose other event is being worked on.
        """
        dataplane = require_dataplane(caller)
        async with self._store.unit_of_work() as work:
            event = await self._own(work, dataplane, event_id)
            await self._enter_boot(work, dataplane.dataplane_id, boot)
            if event.status is EventStatus.PENDING:
                await self._take_place(work, event, boot)
            taken = self._stamped(event.acknowledge(boot, await work.now()))
            await work.events.save([taken])
            work.announce(_closed(taken))
            return taken

    async def complete(self, caller: Caller, command: CompleteEvent) -> Event:
        """Record the outcome for the slot; the same completion twice is fine, an old token is refused."""
        dataplane = require_dataplane(caller)
        async with self._store.unit_of_work() as work:
            event = await self._own(work, dataplane, command.event_id)
            ended = _ended(event, command, await work.now())
            if ended is event:
                return event
            await self._check_desired(work, event, command)
            ended = self._stamped(ended)
            await work.events.save([ended])
            if ended.status in (EventStatus.APPLIED, EventStatus.FAILED):
                await self._record(work, ended)
            work.announce(_closed(ended))
            return ended

    async def release_older_boots(self, dataplane_id: str, boot: Boot) -> int:
        """A data plane came up again: what its older boots held waits for the new one at once; how many events."""
        async with self._store.reading() as work:
            held = [event for event in await work.events.live_of_dataplane(dataplane_id) if _held_before(event, boot)]
        if not held:
            return 0
        async with self._store.unit_of_work() as work:
            now = await work.now()
            live = await work.events.live_of_dataplane(dataplane_id)
            released = [self._stamped(event.lapse(now)) for event in live if _held_before(event, boot)]
            return await self._requeue(work, released, now)

    async def lapse_leases(self) -> int:
        """Put events whose lease ran out back to PENDING under a new cursor; how many there were."""
        async with self._store.unit_of_work() as work:
            now = await work.now()
            lapsed = [self._stamped(event.lapse(now)) for event in await work.events.lapsed(now, UPKEEP_BATCH)]
            return await self._requeue(work, lapsed, now)

    async def requeue_due(self) -> int:
        """Give events whose back-off is over a new cursor, so that hanging polls bring them; how many there were."""
        async with self._store.unit_of_work() as work:
            now = await work.now()
            due = [replace(event, not_before=None) for event in await work.events.due(now, UPKEEP_BATCH)]
            return await self._requeue(work, due, now)

    async def _requeue(self, work: UnitOfWork, events: list[Event], now: datetime) -> int:
        placed = []
        for event in events:
            live = await work.events.live_in_slot(event.dataplane_id, event.slot)
            waiting = [other for other in live if other.status is EventStatus.PENDING and other.id != event.id]
            if event.status is EventStatus.PENDING and waiting:
                event = event.supersede(waiting[-1].id, now)
            elif event.status is EventStatus.PENDING:
                await work.workspaces.lock(event.workspace_id)
                event = replace(event, cursor=await work.workspaces.take_cursors(event.workspace_id, 1))
            placed.append(event)
        await work.events.save(placed)
        for workspace_id in {event.workspace_id for event in placed}:
            work.announce(Notice(workspace_id))
        return len(placed)

    async def _own(self, work: UnitOfWork, caller: DataplaneCaller, event_id: str) -> Event:
        event = await work.events.get_for_update(event_id)
        if event is None or event.dataplane_id != caller.dataplane_id:
            raise unknown("event")
        return event

    async def _enter_boot(self, work: UnitOfWork, dataplane_id: str, boot: Boot) -> None:
        known = await work.dataplanes.get(dataplane_id)
        check_boot(known.boot if known else None, boot)
        if known is not None and known.boot != boot:
            await work.dataplanes.set_boot(dataplane_id, boot)

    async def _take_place(self, work: UnitOfWork, event: Event, boot: Boot) -> None:
        """At most one ACKNOWLEDGED event a slot: an older one of the same holder, or of an older boot, gives way."""
        now = await work.now()
        for other in await work.events.live_in_slot(event.dataplane_id, event.slot):
            if other.status is EventStatus.ACKNOWLEDGED and other.id != event.id:
                check_boot(other.holder, boot)
                await work.events.save([self._stamped(other.supersede(event.id, now))])

    async def _check_desired(self, work: UnitOfWork, event: Event, command: CompleteEvent) -> None:
        newest = await work.configurations.newest(event.workspace_id, event.user_id)
        desired = newest.version if newest else 0
        if command.version > desired:
            raise InvalidInput(
                f"version {command.version} does not exist: the newest of slot {event.slot} is {desired}"
            )
        if newest and command.applied and command.version == desired and command.digest != newest.digest:
            raise StateConflict(
                f"the digest is not that of version {desired}: fetch the configuration again",
                subject=event.id,
                reason="DIGEST_MISMATCH",
            )

    async def _record(self, work: UnitOfWork, event: Event) -> None:
        """Move the slot (applied never goes back), cover other live events, raise the watermark after a full one."""
        state = await work.dataplanes.slot_state(event.dataplane_id, event.slot)
        await work.dataplanes.put_slot_state(_moved(state, event))
        now = await work.now()
        covered = [
            other.supersede(event.id, now)
            for other in await work.events.live_in_slot(event.dataplane_id, event.slot)
            if other.id != event.id and other.configuration_version <= event.completed_version
        ]
        await work.events.save([self._stamped(other) for other in covered])
        for other in covered:
            work.announce(_closed(other))
        await self._raise_watermark(work, event)

    async def _raise_watermark(self, work: UnitOfWork, event: Event) -> None:
        """After a full event: what it covers. When nothing is left to do and nothing is refused: everything."""
        if event.status is not EventStatus.APPLIED:
            return
        revision = full_revision(event)
        # Read before the live events: a publication in between shows as one of them.
        workspace = await work.workspaces.get(event.workspace_id)
        live = await work.events.live_of_dataplane(event.dataplane_id)
        states = await work.dataplanes.slot_states([event.dataplane_id])
        if workspace and not live and not any(state.rejected_version > state.applied_version for state in states):
            revision = workspace.revision
        if revision is not None:
            await work.dataplanes.raise_applied_revision(event.dataplane_id, revision)

    def _stamped(self, event: Event) -> Event:
        return replace(event, etag=self._ids.new("etg"))


def _ended(event: Event, command: CompleteEvent, now: datetime) -> Event:
    if command.applied:
        return event.complete_applied(command.fencing_token, command.version, command.digest, command.proof, now)
    if command.retryable:
        return event.fail_retryable(command.fencing_token, command.error, now)
    return event.complete_failed(command.fencing_token, command.version, command.digest, command.error, now)


def _moved(state: SlotState | None, event: Event) -> SlotState:
    state = state or SlotState(event.dataplane_id, event.slot, 0, "", None, b"", 0, "")
    if event.status is EventStatus.FAILED:
        return replace(state, rejected_version=event.completed_version, rejected_reason=event.error)
    if event.completed_version < state.applied_version:
        return state
    return replace(
        state,
        applied_version=event.completed_version,
        applied_digest=event.completed_digest,
        applied_at=event.completed_at,
        proof=event.proof,
        rejected_version=0 if event.completed_version >= state.rejected_version else state.rejected_version,
        rejected_reason="" if event.completed_version >= state.rejected_version else state.rejected_reason,
    )


def _held_before(event: Event, boot: Boot) -> bool:
    held = event.status is EventStatus.ACKNOWLEDGED and event.holder is not None
    return held and event.holder is not None and event.holder.counter < boot.counter


def _closed(event: Event) -> Notice:
    return Notice(event.workspace_id, closed_event=f"{event.dataplane_id}/{event.id}")
