"""GetConfiguration: what is newer than the caller's, now or as soon as there is something, out of memory."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache, partial

from controlplane.domain.callers import Caller, DataplaneCaller
from controlplane.services.access import reach_workspace, unknown
from controlplane.services.feed import Feed
from controlplane.services.news import News, Poll, asked_for, fitting, newer_than, newer_versions
from controlplane.services.pauses import AT_ONCE, pause_after
from controlplane.services.ports import Store, UnitOfWork
from controlplane.services.presence import Presence
from controlplane.services.revocations import RevocationService
from controlplane.services.shared_reads import SharedReads
from controlplane.services.views import Batch, View

log = logging.getLogger(__name__)
LONGEST_WAIT = timedelta(seconds=30)
WHILE_DRAINING = timedelta(seconds=1)


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
        self._alarmed: dict[str, int] = {}

    async def get_configuration(self, caller: Caller, poll: Poll) -> News:
        """Raises InvalidInput, NotFound, Unauthenticated (a cloned identity), StateConflict (an old boot), Unavailable.

        A poll from another history, or from a revision this store never reached, starts from nothing.
        """
        epoch = await self._epoch()
        elsewhere = bool(poll.epoch and poll.epoch != epoch)
        dataplane_id = ""
        if isinstance(caller, DataplaneCaller):
            dataplane_id = caller.dataplane_id
            rung = await self._presence.note(caller, poll.boot, poll.report, of_this_history=poll.epoch == epoch)
            if elsewhere:
                rung |= await self._presence.note_other_history(caller, poll.boot)
            if poll.held_revocations:
                rung |= bool(await self._revocations.adopt(caller, poll.held_revocations))
            if rung:
                await self._feed.refresh(caller.workspace_id)
        view = await self._view(caller, poll)
        resync = elsewhere or poll.since_revision > view.revision
        if resync and not elsewhere:
            self._alarm(view, poll)
        if resync:
            poll = replace(poll, since_revision=0, event_cursor=0)
        newer, crowd = resync or _newer(view, poll, dataplane_id), 0
        if poll.wait and not newer:
            is_newer = partial(_newer, view, poll, dataplane_id)
            crowd = await self._feed.wait(view, dataplane_id, self._longest(poll.wait), is_newer)
            newer = is_newer()
        if not newer:
            return _nothing_new(view.revision, epoch, poll.event_cursor, self._pause(0))
        return await self._news(view, poll, dataplane_id, epoch, crowd, resync=resync)

    def _alarm(self, view: View, poll: Poll) -> None:
        """Once a revision: a crowd would say the same."""
        if self._alarmed.get(view.workspace_id) != view.revision:
            self._alarmed[view.workspace_id] = view.revision
            log.error(
                "a caller is at revision %d of workspace %s, and the store only at %d: if the database went back in "
                "time, begin a new epoch (agentrouter admin new-epoch)",
                poll.since_revision,
                view.workspace_id,
                view.revision,
            )

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

    async def _news(self, view: View, poll: Poll, dataplane_id: str, epoch: str, crowd: int, *, resync: bool) -> News:
        if poll.queries is not None:
            batch = asked_for(view, poll.queries)
        else:
            batch = newer_than(view, poll.since_revision, dataplane_id)
        events = fitting(view.events_since(dataplane_id, poll.event_cursor)) if dataplane_id and not batch.more else []
        return News(
            batch,
            epoch,
            event_cursor=max(poll.event_cursor, events[-1].cursor) if events else poll.event_cursor,
            next_poll_after=AT_ONCE if batch.more else self._pause(crowd),
            resync=resync,
            sealed_keys=await self._keys_for(dataplane_id, batch.delivery_keys)
            if dataplane_id and batch.secrets
            else {},
            events=events,
        )

    def _longest(self, wait: timedelta) -> float:
        """Seconds to hang: the asked time, at most 30 s, less up to a fifth so that polls do not return in step."""
        return min(wait, LONGEST_WAIT).total_seconds() * (1 - 0.2 * self._jitter())

    def _pause(self, crowd: int) -> timedelta:
        """When to call again; who is sent away by a process that drains comes back later."""
        if self._feed.closing:
            return WHILE_DRAINING * (1 + self._jitter())
        return pause_after(crowd, self._jitter())

    async def _keys_for(self, dataplane_id: str, wanted: frozenset[str]) -> Mapping[str, bytes]:
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
    return News(Batch(revision), epoch, event_cursor, pause, unchanged=True)


def _newer(view: View, poll: Poll, dataplane_id: str) -> bool:
    if dataplane_id and view.rings(dataplane_id, poll.event_cursor):
        return True
    if poll.queries is not None:
        return bool(newer_versions(view, poll.queries))
    return view.revision > poll.since_revision
