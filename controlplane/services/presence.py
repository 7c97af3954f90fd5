"""What a data plane says of itself by polling: that it lives, that it came up again, lost its ledger, took back what
it had applied."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from controlplane.domain.callers import DataplaneCaller
from controlplane.domain.dataplanes import AgentReport, Boot
from controlplane.domain.events import check_boot
from controlplane.services.event_upkeep import EventUpkeep
from controlplane.services.events import enter_boot
from controlplane.services.ports import Store, UnitOfWork
from controlplane.services.publishing import Publisher
from controlplane.services.reverts import Reverts
from controlplane.services.shared_reads import SharedReads
from controlplane.services.sightings import Sightings
from controlplane.services.succession import full_revision


class Presence:
    """Notes every poll; a poll that tells nothing new touches nothing but memory."""

    def __init__(
        self, store: Store, upkeep: EventUpkeep, publisher: Publisher, sightings: Sightings, reverts: Reverts
    ) -> None:
        self._store = store
        self._upkeep = upkeep
        self._publisher = publisher
        self._sightings = sightings
        self._reverts = reverts
        self._boots: dict[str, Boot] = {}
        self._read_lives = SharedReads(store, _lives)
        self._lost: dict[str, Boot | None] = {}
        self._elsewhere: dict[str, Boot | None] = {}

    async def note(
        self, caller: DataplaneCaller, boot: Boot | None, report: AgentReport | None, *, of_this_history: bool
    ) -> bool:
        """Whether events became pending by it, so that this very poll should bring them. `of_this_history`: it knows
        the store's epoch.

        Raises StateConflict for an older boot, Unauthenticated for a second agent of one identity, Unavailable.
        """
        dataplane_id, rung = caller.dataplane_id, False
        if boot is not None and self._boots.get(dataplane_id) != boot:
            rung = bool(await self._enter(dataplane_id, boot))
        if report is not None and report.ledger_lost and self._lost.get(dataplane_id, False) != boot:
            await self._answer_loss(caller, boot)
            self._lost[dataplane_id] = boot
            rung = True
        if report is not None:
            await self._reverts.note(caller, boot, report.reverted, of_this_history=of_this_history)
        self._sightings.saw(dataplane_id, report)
        return rung

    async def note_other_history(self, caller: DataplaneCaller, boot: Boot | None) -> bool:
        """It comes from an epoch that is not the store's: once a boot it is told to take and prove everything, for
        what the store believes it applied is of before the restore. Whether events became pending by it."""
        if self._elsewhere.get(caller.dataplane_id, False) == boot:
            return False
        await self._ring_everything(caller)
        self._elsewhere[caller.dataplane_id] = boot
        return True

    async def _enter(self, dataplane_id: str, boot: Boot) -> int:
        """A boot not seen here before takes over what older ones held; how many events."""
        known = await self._read_lives.get(dataplane_id)
        check_boot(known.boot if known else None, boot)
        if known is not None and known.boot == boot and not known.holders - {boot}:
            self._boots[dataplane_id] = boot  # it lived on while this process came up: nothing to release
            return 0
        if known is not None and known.boot != boot:
            async with self._store.unit_of_work() as work:
                await work.dataplanes.lock(dataplane_id)  # or an older boot, polling another replica, could undo it
                await enter_boot(work, dataplane_id, boot)
        released = await self._upkeep.release_older_boots(dataplane_id, boot)
        self._boots[dataplane_id] = boot
        return released

    async def _answer_loss(self, caller: DataplaneCaller, boot: Boot | None) -> None:
        """Once a boot, whichever replica hears of it: an agent goes on reporting until it has kept something."""
        async with self._store.unit_of_work() as work:
            workspace = await work.workspaces.lock(caller.workspace_id)
            if boot is not None and not await work.dataplanes.note_lost_ledger(caller.dataplane_id, boot.counter):
                return
            if workspace is not None and not await _rung_already(work, caller.dataplane_id):
                await self._publisher.ring_everything(work, workspace, caller.dataplane_id)

    async def _ring_everything(self, caller: DataplaneCaller) -> None:
        """Unless it was rung already."""
        async with self._store.unit_of_work() as work:
            workspace = await work.workspaces.lock(caller.workspace_id)
            if workspace is not None and not await _rung_already(work, caller.dataplane_id):
                await self._publisher.ring_everything(work, workspace, caller.dataplane_id)


@dataclass(frozen=True, slots=True)
class _Life:
    """The newest boot that is stored, and the boots under which events are held."""

    boot: Boot | None
    holders: frozenset[Boot | None]


async def _lives(work: UnitOfWork, dataplane_ids: Collection[str]) -> Mapping[str, _Life]:
    holders: dict[str, set[Boot | None]] = {}
    for event in await work.events.held_by(dataplane_ids):
        holders.setdefault(event.dataplane_id, set()).add(event.holder)
    planes = await work.dataplanes.by_ids(dataplane_ids)
    return {plane.id: _Life(plane.boot, frozenset(holders.get(plane.id, ()))) for plane in planes}


async def _rung_already(work: UnitOfWork, dataplane_id: str) -> bool:
    live = await work.events.live_of_dataplane(dataplane_id)
    return any(full_revision(event) is not None for event in live)
