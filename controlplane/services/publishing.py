"""From a compiled document to version, revision and events, under the workspace's lock, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from controlplane.domain import counting
from controlplane.domain.configurations import Configuration, ConfigurationState, SlotValue, config_slot
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.domain.workspaces import Workspace
from controlplane.services.ports import Ids, Made, Notice, UnitOfWork, WaitingEvent
from controlplane.services.succession import full_payload, heir
from controlplane.valet.compiling import Compiled


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication did: whether anything changed, the newest configuration, the events made, the revision now."""

    changed: bool
    configuration: Configuration
    event_ids: tuple[str, ...]
    revision: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is published: the event's type, words for people, JSON for the events."""

    type: EventType = EventType.CONFIG_UPDATE
    reason: str = ""
    metadata: bytes = b""


class Publisher:
    """Every method expects the workspace's row to be locked by `work` (`work.workspaces.lock`)."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    async def publish(
        self, work: UnitOfWork, workspace: Workspace, user_id: str, compiled: Compiled, cause: Cause, *, force: bool
    ) -> Published:
        """Store the next version and ring every live data plane, unless the digest is the stored one and no `force`."""
        newest = await work.configurations.newest(workspace.id, user_id)
        if newest is not None and not force and _same(newest, compiled):
            return Published(False, newest, (), workspace.revision)
        revision = await work.workspaces.take_revision(workspace.id)
        configuration = next_version(newest, workspace.id, user_id, compiled, revision, cause.reason, await work.now())
        await work.configurations.add(configuration)
        events = await self._ring_config(work, workspace, configuration, cause)
        return Published(True, configuration, tuple(event.id for event in events), revision)

    async def remove(self, work: UnitOfWork, workspace: Workspace, newest: Configuration, cause: Cause) -> Published:
        """Store a tombstone after the newest version, which must be ACTIVE, and ring every live data plane."""
        revision = await work.workspaces.take_revision(workspace.id)
        version = counting.next_version(newest.version, revision)
        tombstone = newest.removed(version, revision, cause.reason, await work.now())
        await work.configurations.add(tombstone)
        events = await self._ring_config(work, workspace, tombstone, cause)
        return Published(True, tombstone, tuple(event.id for event in events), revision)

    async def put_value(
        self, work: UnitOfWork, workspace: Workspace, slot: str, value: bytes, digest: str, dataplane_id: str = ""
    ) -> SlotValue:
        """Store a slot's next value without an event; data planes get it with their next answer.

        `dataplane_id` empty: a value of every data plane of the workspace.
        """
        newest = await work.values.newest(workspace.id, slot, dataplane_id)
        revision = await work.workspaces.take_revision(workspace.id)
        version = counting.next_version(newest.version if newest else 0, revision)
        stored = SlotValue(workspace.id, slot, version, revision, digest, value, dataplane_id=dataplane_id)
        await work.values.put(stored)
        work.announce(Notice(workspace.id))
        return stored

    async def ring_slot(
        self, work: UnitOfWork, workspace_id: str, slot: str, version: int, cause: Cause, dataplane_id: str = ""
    ) -> list[Event]:
        """Tell one data plane, or every live one, that a slot without a document has a newer version."""
        bell = _Bell(workspace_id, slot, "", version, cause, await work.now())
        waiting = await work.events.waiting_in_slot(workspace_id, slot)
        told = [dataplane_id] if dataplane_id else await work.dataplanes.live_ids(workspace_id)
        work.announce(Notice(workspace_id))
        return await self._ring(work, bell, told, waiting)

    async def ring_everything(self, work: UnitOfWork, workspace: Workspace, dataplane_id: str) -> Event:
        """Tell one data plane to take everything up to the workspace's present revision (enrolment, a lost ledger)."""
        newest = await work.configurations.newest(workspace.id, "")
        bell = _Bell(workspace.id, config_slot(""), "", newest.version if newest else 0, Cause(), await work.now())
        await work.dataplanes.want_everything(dataplane_id, workspace.revision)
        live = await work.events.live_in_slot(dataplane_id, bell.slot)
        waiting = [WaitingEvent(old.id, dataplane_id, old.payload) for old in live if old.status is EventStatus.PENDING]
        work.announce(Notice(workspace.id))
        (event,) = await self._ring(work, bell, [dataplane_id], waiting, full_payload(workspace.revision))
        return event

    async def close_events(self, work: UnitOfWork, dataplane_id: str) -> list[Event]:
        """End whatever is live of a data plane that nothing is to be sent to any more."""
        now = await work.now()
        live = await work.events.live_of_dataplane(dataplane_id)
        closed = [self._stamped(event.supersede("", now)) for event in live]
        await work.events.save(closed)
        return closed

    async def _ring_config(
        self, work: UnitOfWork, workspace: Workspace, configuration: Configuration, cause: Cause
    ) -> list[Event]:
        """One event a live data plane; what a superseded one asked in full is kept."""
        slot, version = configuration.slot, configuration.version
        bell = _Bell(workspace.id, slot, configuration.user_id, version, cause, configuration.created_at)
        waiting = await work.events.waiting_in_slot(workspace.id, slot)
        told = await work.dataplanes.live_ids(workspace.id)
        placed = await self._ring(work, bell, told, waiting, revision=configuration.revision)
        work.announce(Notice(workspace.id, made=_made(workspace, configuration, placed)))
        return placed

    async def _ring(
        self,
        work: UnitOfWork,
        bell: _Bell,
        told: Sequence[str],
        waiting: Iterable[WaitingEvent],
        payload: bytes = b"",
        revision: int = 0,
    ) -> list[Event]:
        """An event for each of those data planes, in the place of the one that waits in its slot. A crowd's cost a few
        statements and, of each, no more than what is its own."""
        if not told:
            return []
        first = await work.workspaces.take_cursors(bell.workspace_id, len(told))
        places = {each.dataplane_id: each for each in waiting}
        drafts = (self._event(bell, each, first + place, payload) for place, each in enumerate(told))
        events = [heir(event, places.get(event.dataplane_id), revision) for event in drafts]
        replaced = {places[event.dataplane_id].id: event for event in events if event.dataplane_id in places}
        await work.events.supersede(replaced, bell.rung_at)
        await work.events.add(events)
        return events

    def _stamped(self, event: Event) -> Event:
        return replace(event, etag=self._ids.new("etg"))

    def _event(self, bell: _Bell, dataplane_id: str, cursor: int, payload: bytes) -> Event:
        return Event(
            id=self._ids.new("evt"),
            workspace_id=bell.workspace_id,
            dataplane_id=dataplane_id,
            type=bell.cause.type,
            slot=bell.slot,
            user_id=bell.user_id,
            configuration_version=bell.version,
            status=EventStatus.PENDING,
            cursor=cursor,
            created_at=bell.rung_at,
            payload=payload,
            metadata=bell.cause.metadata,
            etag=self._ids.new("etg"),
        )


@dataclass(frozen=True, slots=True)
class _Bell:
    """What the events of one ring have in common, whoever hears them."""

    workspace_id: str
    slot: str
    user_id: str
    version: int
    cause: Cause
    rung_at: datetime


def _made(workspace: Workspace, configuration: Configuration, placed: list[Event]) -> Made | None:
    """None when something else took a revision or a cursor since the workspace was read: then this is not all."""
    before = (workspace.revision, workspace.event_cursor)
    if configuration.revision != before[0] + 1 or not placed or placed[0].cursor != before[1] + 1:
        return None
    return Made(before, (configuration.revision, placed[-1].cursor), (configuration,), tuple(placed))


def next_version(
    newest: Configuration | None,
    workspace_id: str,
    user_id: str,
    compiled: Compiled,
    revision: int,
    reason: str,
    created_at: datetime,
) -> Configuration:
    """The configuration that follows `newest` in the line of (workspace, user)."""
    return Configuration(
        workspace_id=workspace_id,
        user_id=user_id,
        version=counting.next_version(newest.version if newest else 0, revision),
        revision=revision,
        digest=compiled.digest,
        state=ConfigurationState.ACTIVE,
        document=compiled.document,
        secret_refs=compiled.secret_refs,
        reason=reason,
        created_at=created_at,
    )


def _same(newest: Configuration, compiled: Compiled) -> bool:
    return newest.state is ConfigurationState.ACTIVE and newest.digest == compiled.digest
