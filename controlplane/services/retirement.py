"""Data planes that were not heard for long: nothing is enqueued for them until they call again, then everything is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from controlplane.domain.dataplanes import Dataplane
from controlplane.services.events import closed
from controlplane.services.ports import Notice, Sighting, Store, UnitOfWork
from controlplane.services.publishing import Publisher

BATCH = 100


class Retirement:
    """`after`: how long unseen; `forget` drops the identity that this process remembers. Retired is not revoked."""

    def __init__(self, store: Store, publisher: Publisher, after: timedelta, forget: Callable[[str], None]) -> None:
        self._store = store
        self._publisher = publisher
        self._after = after
        self._forget = forget

    async def retire_unseen(self) -> int:
        """Retire who was not heard since, and close its events; how many there were."""
        async with self._store.reading() as work:
            unseen = await work.dataplanes.unseen_since(await work.now() - self._after, BATCH)
        return sum([await self._retire(dataplane) for dataplane in unseen])

    async def revive(self, dataplane: Dataplane) -> None:
        """It called: live again, with everything to be sent anew."""
        async with self._store.unit_of_work() as work:
            workspace = await work.workspaces.lock(dataplane.workspace_id)
            known = await work.dataplanes.get(dataplane.id)
            if workspace is not None and known is not None and known.retired_at and not known.revoked_at:
                await work.dataplanes.set_retired(known.id, None)
                await work.dataplanes.save_sightings([Sighting(known.id, await work.now(), known.report)])
                await self._publisher.ring_everything(work, workspace, known.id)
                work.announce(Notice(workspace.id, identity=known.id))
        self._forget(dataplane.id)

    async def _retire(self, seen: Dataplane) -> int:
        async with self._store.unit_of_work() as work:
            await work.workspaces.lock(seen.workspace_id)
            now = await work.now()
            dataplane = await work.dataplanes.get(seen.id)
            if dataplane is None or not self._is_due(dataplane, now):
                return 0
            await self._close(work, dataplane, now)
        self._forget(seen.id)
        return 1

    async def _close(self, work: UnitOfWork, dataplane: Dataplane, now: datetime) -> None:
        await work.dataplanes.set_retired(dataplane.id, now)
        for event in await self._publisher.close_events(work, dataplane.id):
            work.announce(closed(event))
        work.announce(Notice(dataplane.workspace_id, identity=dataplane.id))

    def _is_due(self, dataplane: Dataplane, now: datetime) -> bool:
        live = dataplane.retired_at is None and dataplane.revoked_at is None
        return live and (dataplane.last_seen_at or dataplane.created_at) < now - self._after
