"""ReconcileWorkspace: compare what should be with what is, enqueue what differs, say what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from controlplane.domain.callers import Caller, Role
from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.slots import Finding
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management, unknown
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import record
from controlplane.services.ports import Store, UnitOfWork
from controlplane.services.ringing import Ringer
from controlplane.services.survey import Deviation, survey, survey_slots

AT_ONCE = 500  # slots whose events are made in one transaction
MOST_ROWS = 10_000
MOST_DATAPLANES = 100_000
CAUSE = "reconcile"


@dataclass(frozen=True, slots=True)
class ReconcileWorkspace:
    """Empty `dataplane_id`: every live one."""

    workspace_id: str
    dataplane_id: str = ""
    include_rejected: bool = False


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A deviating slot; `event_id` is empty when nothing was enqueued for it."""

    dataplane_id: str
    slot: str
    finding: Finding
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The first 10,000 rows; the counts are of all."""

    rows: tuple[SlotRow, ...]
    enqueued: int
    missing: int
    stale: int
    orphaned: int
    rejected: int


class ReconciliationService:
    """One use case of operators."""

    def __init__(self, store: Store, ringer: Ringer) -> None:
        self._store = store
        self._ringer = ringer

    async def reconcile(
        self, caller: Caller, command: ReconcileWorkspace, request: RequestKey | None = None
    ) -> Reconciled:
        """Looks at a snapshot; then, a part at a time and under the workspace's lock, looks again and enqueues.

        Needs the role operator. Rejected slots are listed, and left alone unless `include_rejected`.
        """
        management = require_management(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, management, command.workspace_id, Role.OPERATOR)
            planes = await _planes(work, workspace, command.dataplane_id)
            now = await work.now()
            found = [each for plane in planes for each in await survey(work, plane, now)]
        rows: list[SlotRow] = []
        rung_whole: dict[str, str] = {}
        for part, is_last in _parts(found):
            async with self._store.unit_of_work() as work:
                workspace = await work.workspaces.lock(workspace.id) or workspace
                await first_time(work, request)
                made = await self._repair(work, workspace, part, command, rung_whole)
                rows += made
                done = _counted(rows, sum(1 for row in rows if row.event_id))
                if enqueued := sum(1 for row in made if row.event_id):
                    await record(work, caller, "workspace.reconcile", workspace.id, workspace, {"enqueued": enqueued})
                if is_last:
                    await remember(work, request, done)
        return _counted(rows, sum(1 for row in rows if row.event_id))

    async def _repair(
        self,
        work: UnitOfWork,
        workspace: Workspace,
        part: Sequence[Deviation],
        command: ReconcileWorkspace,
        rung_whole: dict[str, str],
    ) -> list[SlotRow]:
        """`rung_whole`: full events of this call by data plane, to which rows of later parts belong as well."""
        rows: list[SlotRow] = []
        for dataplane_id, group in groupby(part, lambda each: each.dataplane_id):
            found = list(group)
            plane = await work.dataplanes.lock(dataplane_id)
            if plane is None or not _is_live(plane):
                continue
            if dataplane_id not in rung_whole:
                found = await survey_slots(work, plane, {each.slot for each in found}, await work.now())
                if _needs_everything(plane) and _wanted(found, command):
                    rung_whole[dataplane_id] = await self._ringer.ring_everything(work, workspace, plane, CAUSE)
            rows += await self._ring(work, plane, found, command, rung_whole.get(dataplane_id, ""))
        return rows

    async def _ring(
        self,
        work: UnitOfWork,
        plane: Dataplane,
        found: Sequence[Deviation],
        command: ReconcileWorkspace,
        full_event: str,
    ) -> list[SlotRow]:
        wanted = _wanted(found, command)
        if full_event:
            events: Mapping[str, str] = dict.fromkeys((each.slot for each in wanted), full_event)
        else:
            events = await self._ringer.ring(work, plane, [each.desired for each in wanted], CAUSE)
        return [replace(_row(each), event_id=events.get(each.slot, "")) for each in found]


async def _planes(work: UnitOfWork, workspace: Workspace, dataplane_id: str) -> list[Dataplane]:
    if not dataplane_id:
        found = await work.dataplanes.page(workspace.id, "", MOST_DATAPLANES)
        return [plane for plane in found if _is_live(plane)]
    plane = await work.dataplanes.get(dataplane_id)
    if plane is None or plane.workspace_id != workspace.id:
        raise unknown("data plane")
    return [plane] if _is_live(plane) else []


def _is_live(plane: Dataplane) -> bool:
    """For one that is retired nothing is enqueued: when it calls again, it is sent everything."""
    return plane.revoked_at is None and plane.retired_at is None


def _parts(found: Sequence[Deviation]) -> Iterator[tuple[Sequence[Deviation], bool]]:
    """At least one, so that the answer is kept also when nothing was found."""
    for start in range(0, max(len(found), 1), AT_ONCE):
        yield found[start : start + AT_ONCE], start + AT_ONCE >= len(found)


def _needs_everything(plane: Dataplane) -> bool:
    """One full event then stands for all of its slots."""
    return bool(plane.wanted_revision) or not plane.applied_revision


def _wanted(found: Iterable[Deviation], command: ReconcileWorkspace) -> list[Deviation]:
    return [each for each in found if command.include_rejected or each.finding is not Finding.REJECTED]


def _row(deviation: Deviation) -> SlotRow:
    return SlotRow(deviation.dataplane_id, deviation.slot, deviation.finding)


def _counted(rows: Sequence[SlotRow], enqueued: int) -> Reconciled:
    counts = Counter(row.finding for row in rows)
    return Reconciled(
        tuple(rows[:MOST_ROWS]),
        enqueued,
        counts[Finding.MISSING],
        counts[Finding.STALE],
        counts[Finding.ORPHANED],
        counts[Finding.REJECTED],
    )
