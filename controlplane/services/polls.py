"""GetConfiguration: what is newer than the caller's, now or as soon as there is something, out of memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from controlplane.domain.callers import Caller, DataplaneCaller
from controlplane.domain.configurations import Configuration, SlotValue
from controlplane.domain.dataplanes import AgentReport, Boot
from controlplane.domain.events import Event
from controlplane.domain.revocations import Revocation
from controlplane.domain.secrets import StoredSecret
from controlplane.services.access import reach_workspace, unknown
from controlplane.services.feed import Feed, View
from controlplane.services.ports import Store, UnitOfWork
from controlplane.services.presence import Presence
from controlplane.services.revocations import RevocationService
from controlplane.services.shared_reads import SharedReads

LONGEST_WAIT = timedelta(seconds=30)
ANSWER_BYTES = 4 * 1024 * 1024
AT_ONCE = timedelta()
WHILE_DRAINING = timedelta(seconds=1)
CROWD = 1000  # hanging polls from which on their next ones are spread


@dataclass(frozen=True, slots=True)
class Poll:
    """What the caller has: versions by user id, or a revision. Of a data plane also its boot, report and cursor."""

    workspace_id: str = ""
    queries: Mapping[str, int] | None = None
    since_revision: int = 0
    wait: timedelta = timedelta()
    epoch: str = ""
    boot: Boot | None = None
    report: AgentReport | None = None
    event_cursor: int = 0
    held_revocations: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """The answer. `sealed_keys`: delivery keys by id, as sealed to this caller; empty for a management key.

    `unchanged`: nothing is newer, so the counters and the pause are all there is.
    """

    revision: int
    epoch: str
    event_cursor: int
    next_poll_after: timedelta = AT_ONCE
    more: bool = False
    resync: bool = False
    unchanged: bool = False
    configurations: list[Configuration] = field(default_factory=list)
    values: list[SlotValue] = field(default_factory=list)
    revocations: list[Revocation] = field(default_factory=list)
    secrets: list[StoredSecret] = field(default_factory=list)
    sealed_keys: Mapping[str, bytes] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


class PollService:
    """One use case, the busiest: an unchanged poll of a known data plane reads nothing but memory."""

    def __init__(
        self,
        store: Store,
        feed: Feed,
        presence: Presence,
        epoch: Callable[[], Awaitable[str]],
        jitter: Callable[[], float],
        revocations: RevocationService,
    ) -> None:
        self._store = store
        self._feed = feed
        self._presence = presence
        self._epoch = epoch
        self._jitter = jitter
        self._revocations = revocations
        self._sealed_keys: dict[str, Mapping[str, bytes]] = {}
        self._read_keys = SharedReads(store, _sealed_keys)

    async def get_configuration(self, caller: Caller, poll: Poll) -> News:
        """Raises InvalidInput, NotFound, Unauthenticated (a cloned identity), StateConflict (an old boot), Unavailable.

        A poll from another history, or from a revision this store never reached, starts from nothing.
        """
        epoch = await self._epoch()
        elsewhere = bool(poll.epoch and poll.epoch != epoch)
        dataplane_id = ""
        if isinstance(caller, DataplaneCaller):
            dataplane_id = caller.dataplane_id
            rung = await self._presence.note(caller, poll.boot, poll.report)
            if elsewhere:
                rung |= await self._presence.note_other_history(caller, poll.boot)
            if poll.held_revocations:
                rung |= bool(await self._revocations.adopt(caller, poll.held_revocations))
            if rung:
                await self._feed.refresh(caller.workspace_id)
        view = await self._view(caller, poll)
        resync = elsewhere or poll.since_revision > view.revision
        if resync:
            poll = replace(poll, since_revision=0, event_cursor=0)
        newer = resync or _newer(view, poll, dataplane_id)
        if poll.wait and not newer:
            await self._hang(view, poll, dataplane_id)
            newer = _newer(view, poll, dataplane_id)
        if not newer:
            return _nothing_new(view.revision, epoch, poll.event_cursor, self._pause())
        return await self._news(view, poll, dataplane_id, epoch, resync=resync)

    async def _view(self, caller: Caller, poll: Poll) -> View:
        """The workspace's view, read again for a caller that has seen more on another replica."""
        if isinstance(caller, DataplaneCaller):
            if poll.workspace_id not in ("", caller.workspace_id):
                raise unknown("workspace")
            workspace_id = caller.workspace_id
        else:
            async with self._store.reading() as work:
                workspace_id = (await reach_workspace(work, caller, poll.workspace_id)).id
        view = self._feed.view_now(workspace_id)
        if view is None or poll.since_revision > view.revision or poll.event_cursor > view.event_cursor:
            return await self._feed.refresh(workspace_id)
        return view

    async def _hang(self, view: View, poll: Poll, dataplane_id: str) -> None:
        """Up to the asked time, at most 30 s, less up to a fifth so that polls do not return in step."""
        longest = min(poll.wait, LONGEST_WAIT).total_seconds() * (1 - 0.2 * self._jitter())
        await self._feed.wait(view, dataplane_id, longest, lambda: _newer(view, poll, dataplane_id))

    async def _news(self, view: View, poll: Poll, dataplane_id: str, epoch: str, *, resync: bool) -> News:
        values: list[SlotValue] = []
        revocations: list[Revocation] = []
        if poll.queries is not None:
            configurations, revision, more = _cut(_asked(view, poll.queries), view.revision)
        else:
            configurations, revision, more = _cut(view.configurations_since(poll.since_revision), view.revision)
            newer = view.values_since(poll.since_revision, dataplane_id)
            values = [value for value in newer if value.revision <= revision]
            revoked = view.revocations_since(poll.since_revision)
            revocations = [each for each in revoked if each.revision <= revision]
        events = view.events_since(dataplane_id, poll.event_cursor) if dataplane_id and not more else []
        secrets = _secrets(view, configurations)
        return News(
            revision=revision,
            epoch=epoch,
            event_cursor=max([poll.event_cursor, *(event.cursor for event in events)]),
            next_poll_after=AT_ONCE if more else self._pause(),
            more=more,
            resync=resync,
            configurations=configurations,
            values=values,
            revocations=revocations,
            secrets=secrets,
            sealed_keys=await self._keys_for(dataplane_id, secrets),
            events=events,
        )

    def _pause(self) -> timedelta:
        """When to call again: at once, since polls hang; a crowd within a second or so, one that drains later."""
        if self._feed.closing:
            return WHILE_DRAINING * (1 + self._jitter())
        if self._feed.hanging < CROWD:
            return AT_ONCE
        return timedelta(seconds=self._jitter() * min(self._feed.hanging / 10_000, 5))

    async def _keys_for(self, dataplane_id: str, secrets: list[StoredSecret]) -> Mapping[str, bytes]:
        if not dataplane_id or not secrets:
            return {}
        wanted = {secret.delivery_key_id for secret in secrets}
        known = self._sealed_keys.get(dataplane_id, {})
        if not wanted <= known.keys():
            known = await self._read_keys.get(dataplane_id) or {}
            self._sealed_keys[dataplane_id] = known
        return {key_id: known[key_id] for key_id in sorted(wanted) if key_id in known}


async def _sealed_keys(work: UnitOfWork, dataplane_ids: Collection[str]) -> Mapping[str, Mapping[str, bytes]]:
    return await work.secrets.sealed_delivery_keys(dataplane_ids)


@lru_cache(maxsize=10_000)
def _nothing_new(revision: int, epoch: str, event_cursor: int, pause: timedelta) -> News:
    """Made once for all who are where it is."""
    return News(revision, epoch, event_cursor, pause, unchanged=True)


def _newer(view: View, poll: Poll, dataplane_id: str) -> bool:
    if dataplane_id and view.rings(dataplane_id, poll.event_cursor):
        return True
    if poll.queries is not None:
        return bool(_asked(view, poll.queries))
    return view.revision > poll.since_revision


def _asked(view: View, queries: Mapping[str, int]) -> list[Configuration]:
    """Ascending by revision, so that an answer can be cut."""
    found = ((view.configurations.get(user_id), version) for user_id, version in queries.items())
    newer = [configuration for configuration, version in found if configuration and configuration.version > version]
    return sorted(newer, key=lambda configuration: configuration.revision)


def _secrets(view: View, configurations: list[Configuration]) -> list[StoredSecret]:
    refs = sorted({ref for configuration in configurations for ref in configuration.secret_refs})
    return [view.secrets[ref] for ref in refs if ref in view.secrets]


def _cut(configurations: list[Configuration], newest: int) -> tuple[list[Configuration], int, bool]:
    """At most 4 MiB of documents (at least one); the revision the answer brings the caller to; whether more waits."""
    size = 0
    for place, configuration in enumerate(configurations):
        size += len(configuration.document) + 500
        if size > ANSWER_BYTES and place:
            return configurations[:place], configurations[place - 1].revision, True
    return configurations, newest, False
