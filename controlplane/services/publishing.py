"""From a compiled document to version, revision and events, under the workspace's lock, in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

from controlplane.domain import counting
from controlplane.domain.configurations import Configuration, ConfigurationState, SlotValue, config_slot
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.domain.workspaces import Workspace
from controlplane.services.ports import ConfigurationFilter, Ids, Made, Notice, UnitOfWork
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
        now = await work.now()
        pending = {event.dataplane_id: event for event in await work.events.pending_in_slot(workspace_id, slot)}
        told = [dataplane_id] if dataplane_id else await work.dataplanes.live_ids(workspace_id)
        events = [replace(self._event(workspace_id, each, "", version, now, cause), slot=slot) for each in told]
        return await self._enqueue(work, workspace_id, events, pending)

    async def ring_everything(self, work: UnitOfWork, workspace: Workspace, dataplane_id: str) -> Event:
        """Tell one data plane to take everything up to the workspace's present revision (enrolment, a lost ledger)."""
        newest = await work.configurations.newest(workspace.id, "")
        event = self._event(workspace.id, dataplane_id, "", newest.version if newest else 0, await work.now(), Cause())
        event = replace(event, payload=full_payload(workspace.revision))
        await work.dataplanes.want_everything(dataplane_id, workspace.revision)
        pending = [old for old in await work.events.live_in_slot(dataplane_id, event.slot) if _is_pending(old)]
        return (await self._enqueue(work, workspace.id, [event], {old.dataplane_id: old for old in pending}))[0]

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
        """One event a live data plane; a PENDING one of the slot is superseded, and what it asked in full is kept."""
        workspace_id, now = configuration.workspace_id, configuration.created_at
        pending = {
            event.dataplane_id: event for event in await work.events.pending_in_slot(workspace_id, configuration.slot)
        }
        events = [
            heir(
                self._event(workspace_id, dataplane_id, configuration.user_id, configuration.version, now, cause),
                pending.get(dataplane_id),
                configuration.revision,
            )
            for dataplane_id in await work.dataplanes.live_ids(workspace_id)
        ]
        placed = await self._place(work, workspace_id, events, pending)
        work.announce(Notice(workspace_id, made=_made(workspace, configuration, placed)))
        return placed

    async def _enqueue(
        self, work: UnitOfWork, workspace_id: str, events: list[Event], pending: dict[str, Event]
    ) -> list[Event]:
        work.announce(Notice(workspace_id))
        return await self._place(work, workspace_id, events, pending)

    async def _place(
        self, work: UnitOfWork, workspace_id: str, events: list[Event], pending: dict[str, Event]
    ) -> list[Event]:
        if not events:
            return []
        superseded = [
            self._stamped(pending[event.dataplane_id].supersede(event.id, event.created_at))
            for event in events
            if event.dataplane_id in pending
        ]
        if superseded:
            await work.events.save(superseded)
        first = await work.workspaces.take_cursors(workspace_id, len(events))
        placed = [replace(event, cursor=first + place) for place, event in enumerate(events)]
        await work.events.add(placed)
        return placed

    def _stamped(self, event: Event) -> Event:
        return replace(event, etag=self._ids.new("etg"))

    def _event(
        self, workspace_id: str, dataplane_id: str, user_id: str, version: int, now: datetime, cause: Cause
    ) -> Event:
        return Event(
            id=self._ids.new("evt"),
            workspace_id=workspace_id,
            dataplane_id=dataplane_id,
            type=cause.type,
            slot=config_slot(user_id),
            user_id=user_id,
            configuration_version=version,
            status=EventStatus.PENDING,
            cursor=0,
            created_at=now,
            metadata=cause.metadata,
            etag=self._ids.new("etg"),
        )


def _made(workspace: Workspace, configuration: Configuration, placed: list[Event]) -> Made | None:
    """None when something else took a revision or a cursor since the workspace was read: then this is not all."""
    before = (workspace.revision, workspace.event_cursor)
    if configuration.revision != before[0] + 1 or not placed or placed[0].cursor != before[1] + 1:
        return None
    return Made(before, (configuration.revision, placed[-1].cursor), (configuration,), tuple(placed))


def as_answer(published: Published, **more: int) -> bytes:
    """What is kept of a publication, and `more` of what it was for, to answer a repeated request."""
    kept = {
        **more,
        "changed": published.changed,
        "version": published.configuration.version,
        "event_ids": published.event_ids,
        "revision": published.revision,
    }
    return json.dumps(kept).encode()


async def published_before(work: UnitOfWork, workspace_id: str, user_id: str, answer: bytes) -> Published:
    """The publication that was kept by `as_answer`: its configuration is read again by version, as it was then."""
    kept = json.loads(answer)
    narrow = ConfigurationFilter(workspace_id, user_id, history=True)
    found = await work.configurations.page(narrow, (user_id, kept["version"] + 1), 1, documents=False)
    configuration = replace(found[0], state=ConfigurationState.ACTIVE)
    return Published(kept["changed"], configuration, tuple(kept["event_ids"]), kept["revision"])


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


def _is_pending(event: Event) -> bool:
    return event.status is EventStatus.PENDING
