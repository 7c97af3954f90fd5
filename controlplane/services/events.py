"""Events as data planes work on them: list, acknowledge under a lease, complete with proof."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from controlplane.domain.callers import Caller, DataplaneCaller
from controlplane.domain.dataplanes import Boot, Dataplane
from controlplane.domain.errors import FieldFault, InvalidInput, StateConflict
from controlplane.domain.events import Event, EventStatus, check_boot
from controlplane.domain.slots import DesiredSlot, is_command
from controlplane.services.access import reach_workspace, require_dataplane, unknown
from controlplane.services.group_commits import GroupCommits
from controlplane.services.held_events import HeldEvents, hold
from controlplane.services.outcomes import NO_DETAILS, Details, settle
from controlplane.services.ports import EventsToProcess, Ids, Notice, Store, UnitOfWork
from controlplane.services.succession import covered_by, give_way, heir, waiting_for
from controlplane.services.upgrades import follow_command

FAILED_FOR_NOW = (EventStatus.PENDING, EventStatus.DEAD_LETTER)


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
    """How the work ended. `applied` False: refused at `version`, for good unless `retryable`. `proof` is JSON bytes.

    `details` may name what a consumer was refused together with, and what a full event left undone.
    """

    event_id: str
    applied: bool
    version: int
    digest: str
    fencing_token: int
    retryable: bool = False
    error: str = ""
    proof: bytes = b""
    details: Details = NO_DETAILS


class EventService:
    """Use cases of events. Somebody else's event is answered like an unknown one."""

    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids
        self._together = GroupCommits(store, hold)

    async def list_events(self, caller: Caller, query: ListEvents) -> list[Event]:
        """A data plane sees its own only, and what its newest boot holds as its to go on with."""
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, query.workspace_id)
            dataplane_id, boot = query.dataplane_id, None
            if isinstance(caller, DataplaneCaller):
                if dataplane_id not in ("", caller.dataplane_id):
                    raise unknown("data plane")
                dataplane_id = caller.dataplane_id
                plane = await work.dataplanes.get(dataplane_id)
                boot = plane.boot if plane else None
            if query.finished:
                return await work.events.page(
                    workspace.id, dataplane_id, query.slot, query.after, query.limit, finished=True
                )
            narrow = EventsToProcess(workspace.id, dataplane_id, query.slot, boot)
            return await work.events.to_process(narrow, await work.now(), query.after, query.limit)

    async def acknowledge(self, caller: Caller, event_id: str, boot: Boot) -> Event:
        """Take the event, or renew its lease; the data plane's newest boot is remembered.

        Raises StateConflict for an older boot, a finished event, or a slot whose other event is being worked on.
        """
        dataplane = require_dataplane(caller)

        async def step(held: HeldEvents) -> Event:
            return await self._acknowledge(held, dataplane, event_id, boot)

        return await self._together.run((dataplane.dataplane_id, event_id), step)

    async def complete(self, caller: Caller, command: CompleteEvent) -> Event:
        """Record the outcome for the slot; the same completion twice is fine, an old token is refused."""
        dataplane = require_dataplane(caller)

        key = (dataplane.dataplane_id, command.event_id)

        async def step(held: HeldEvents) -> Event:
            return await self._complete(held, dataplane, command)

        if command.applied or not command.retryable:
            return await self._together.run(key, step)
        async with self._store.unit_of_work() as work:
            # The event may have to give way, which takes a cursor: locked before the data plane, so never in a group.
            await work.workspaces.lock(dataplane.workspace_id)
            held = await hold(work, [key])
            done = await step(held)
            await held.flush()
            return done

    async def _acknowledge(self, held: HeldEvents, dataplane: DataplaneCaller, event_id: str, boot: Boot) -> Event:
        plane, event = held.plane(dataplane.dataplane_id), _own(held, dataplane, event_id)
        check_boot(plane.boot if plane else None, boot)
        given_way = []
        if event.status is EventStatus.PENDING:
            for other in _in_its_place(held, event, boot):
                given_way.append(self._stamped(other.supersede(event.id, held.now)))
                event = heir(event, other)
        taken = self._stamped(event.acknowledge(boot, held.now))
        if plane is not None and plane.boot != boot:
            await held.work.dataplanes.set_boot(plane.id, boot)
            held.put_plane(replace(plane, boot=boot))
        held.save([*given_way, taken])
        held.work.announce(closed(taken))
        return taken

    async def _complete(self, held: HeldEvents, dataplane: DataplaneCaller, command: CompleteEvent) -> Event:
        plane, event = held.plane(dataplane.dataplane_id), _own(held, dataplane, command.event_id)
        ended = _ended(event, command, held.now)
        if ended is event or plane is None:
            return event
        desired = await _desired(held.work, event, command)
        live = held.live_in_slot(event.dataplane_id, event.slot)
        waiting = waiting_for(event, live) if ended.status in FAILED_FOR_NOW else None
        if waiting is not None:
            return await self._give_way(held, event, waiting, command.error)
        ended = self._stamped(ended)
        if ended.live:
            held.save([ended])
        else:
            covered = [self._stamped(other) for other in covered_by(ended, live)]
            await self._end(held, plane, [ended, *covered], desired, command.details)
        held.work.announce(closed(ended))
        return ended

    async def _give_way(self, held: HeldEvents, event: Event, successor: Event, error: str) -> Event:
        """A newer event waits already, so there is nothing to try again for."""
        superseded, *changed = await give_way(held.work, replace(event, error=error), successor, held.now)
        superseded = self._stamped(superseded)
        held.save([superseded, *(self._stamped(each) for each in changed)])
        held.work.announce(closed(superseded))
        if changed:
            held.work.announce(Notice(event.workspace_id))
        return superseded

    async def _end(
        self, held: HeldEvents, plane: Dataplane, over: list[Event], desired: DesiredSlot | None, details: Details
    ) -> None:
        """`over`: the event that ended, and those that it covers."""
        ended, *covered = over
        if is_command(ended.slot):
            await follow_command(held.work, ended)
        held.save(over)
        for other in covered:
            held.work.announce(closed(other))
        held.put_plane(await settle(held.work, plane, ended, desired, details))

    def _stamped(self, event: Event) -> Event:
        return replace(event, etag=self._ids.new("etg"))


def _own(held: HeldEvents, caller: DataplaneCaller, event_id: str) -> Event:
    event = held.event(event_id)
    if event is None or event.dataplane_id != caller.dataplane_id:
        raise unknown("event")
    return event


def _in_its_place(held: HeldEvents, event: Event, boot: Boot) -> list[Event]:
    """At most one ACKNOWLEDGED event a slot: an older one of the same holder, or of an older boot, gives way."""
    live = held.live_in_slot(event.dataplane_id, event.slot)
    others = [other for other in live if other.status is EventStatus.ACKNOWLEDGED and other.id != event.id]
    for other in others:
        check_boot(other.holder, boot)
    return others


async def enter_boot(work: UnitOfWork, dataplane_id: str, boot: Boot) -> bool:
    """Remember the newest boot; whether it was news. Raises for an older one, and for a second agent of an identity."""
    known = await work.dataplanes.get(dataplane_id)
    check_boot(known.boot if known else None, boot)
    if known is None or known.boot == boot:
        return False
    await work.dataplanes.set_boot(dataplane_id, boot)
    return True


async def _desired(work: UnitOfWork, event: Event, command: CompleteEvent) -> DesiredSlot | None:
    """What should be in the event's slot; None in a command's. Raises InvalidInput, StateConflict."""
    if is_command(event.slot):
        desired, newest, digest = None, event.configuration_version, ""
    else:
        found = await work.slots.desired_of(event.workspace_id, event.dataplane_id, [event.slot])
        desired = found.get(event.slot)
        newest, digest = (desired.version, desired.digest) if desired else (0, "")
    if command.version > newest:
        problem = f"{command.version} does not exist: the newest of slot {event.slot} is {newest}"
        raise InvalidInput(f"version {problem}", (FieldFault("version", "range", problem),))
    if digest and command.applied and command.version == newest and command.digest != digest:
        raise StateConflict(
            f"the digest is not that of version {newest}: fetch the configuration again",
            subject=event.id,
            reason="DIGEST_MISMATCH",
        )
    return desired


def _ended(event: Event, command: CompleteEvent, now: datetime) -> Event:
    if command.applied:
        return event.complete_applied(command.fencing_token, command.version, command.digest, command.proof, now)
    if command.retryable:
        return event.fail_retryable(command.fencing_token, command.error, now)
    return event.complete_failed(command.fencing_token, command.version, command.digest, command.error, now)


def closed(event: Event) -> Notice:
    """That the event is no longer pending."""
    return Notice(event.workspace_id, closed_event=f"{event.dataplane_id}/{event.id}/{event.cursor}")
