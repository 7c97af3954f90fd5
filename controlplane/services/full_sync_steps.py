"""The walk of a full synchronisation, a step at a time: look without a lock, then change little under it.

First every stored document is compiled anew, the workspace's first; what comes out different is published. Then every
live data plane is rung once with a full event (its completion says that everything is as desired, orphans gone) and
each of its slots is compared, which is what the rows tell. A full event makes the agent try everything again, refused
versions too, so it means the same as an event a slot. Where a walk stands is a value, so another replica can go on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from controlplane.domain.configurations import config_slot
from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.slots import Finding
from controlplane.domain.workspaces import Workspace
from controlplane.services.compilation import Prepared, Problem, prepare_all
from controlplane.services.ports import UnitOfWork
from controlplane.services.publishing import Cause, Publisher
from controlplane.services.reconciliation import SlotRow
from controlplane.services.ringing import Ringer
from controlplane.services.survey import Deviation, survey_slots

AT_ONCE = 500  # documents or slots a step
MOST_EVENTS = 5000  # events a step may make
DATAPLANES_AT_ONCE = 100
CAUSE = "full sync"


@dataclass(frozen=True, slots=True)
class Position:
    """`after` is the last user compiled, or the last slot walked of data plane `plane`, whose full event is `event`.

    `after` None: nothing yet. `plane` None: still compiling. `number`: steps told so far.
    """

    after: str | None = None
    plane: str | None = None
    plane_done: bool = True
    event: str = ""
    walked: int = 0
    total: int = 0
    compiled: int = 0
    changed: int = 0
    number: int = 0
    done: bool = False

    def to_bytes(self) -> bytes:
        """JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Position:
        """The reverse; no bytes are the start."""
        return cls(**json.loads(content)) if content else cls()


@dataclass(frozen=True, slots=True)
class Progress:
    """One step as it is told. `error`: the walk ended here, and why."""

    walked: int
    total: int
    compiled: int
    changed: int
    done: bool = False
    rows: tuple[SlotRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    error: str = ""

    def to_bytes(self) -> bytes:
        """JSON."""
        rows = [[each.dataplane_id, each.slot, each.finding.value, each.event_id] for each in self.rows]
        problems = [[each.user_id, each.message] for each in self.problems]
        counts = [self.walked, self.total, self.compiled, self.changed]
        told = {"counts": counts, "done": self.done, "rows": rows, "problems": problems, "error": self.error}
        return json.dumps(told).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Progress:
        """The reverse."""
        told = json.loads(content)
        rows = tuple(SlotRow(plane, slot, Finding(finding), event) for plane, slot, finding, event in told["rows"])
        problems = tuple(Problem(*each) for each in told["problems"])
        walked, total, compiled, changed = told["counts"]
        return cls(walked, total, compiled, changed, told["done"], rows, problems, told["error"])


@dataclass(frozen=True, slots=True)
class Look:
    """What a step saw, and where the next one starts. `ring`: the data plane to be rung, whose slots are `slots`."""

    position: Position
    publish: tuple[Prepared, ...] = ()
    problems: tuple[Problem, ...] = ()
    ring: Dataplane | None = None
    slots: frozenset[str] = frozenset()
    deviations: tuple[Deviation, ...] = field(default=())

    def progress(self, rows: Sequence[SlotRow]) -> Progress:
        """As it is told."""
        at = self.position
        return Progress(at.walked, at.total, at.compiled, at.changed, at.done, tuple(rows), self.problems)


class FullSyncSteps:
    """`look` only reads; `change` does what it found has to be done, the workspace's row being locked by `work`."""

    def __init__(self, publisher: Publisher, ringer: Ringer) -> None:
        self._publisher = publisher
        self._ringer = ringer

    async def look(self, work: UnitOfWork, workspace: Workspace, position: Position) -> Look:
        """The next step from there."""
        position = replace(position, total=max(await _total(work, workspace), position.walked))
        if position.plane is None:
            return await self._compile(work, workspace, position)
        if not position.plane_done:
            return await self._walk(work, workspace, position)
        return await self._next_plane(work, workspace, position)

    async def change(self, work: UnitOfWork, workspace: Workspace, look: Look) -> tuple[Position, Progress]:
        """Where the walk stands then, and what to tell of it."""
        for prepared in look.publish:
            source = await work.documents.get(workspace.id, prepared.user_id)
            if prepared.holds(source):  # else it was published meanwhile
                cause = Cause(reason=CAUSE)
                await self._publisher.publish(work, workspace, prepared.user_id, prepared.compiled, cause, force=False)
        if look.ring is None:
            return look.position, look.progress(_rows(look.deviations, look.position.event))
        deviations = await survey_slots(work, look.ring, look.slots, await work.now())
        event = await self._ringer.ring_everything(work, workspace, look.ring, CAUSE)
        return replace(look.position, event=event), look.progress(_rows(deviations, event))

    async def plan(self, work: UnitOfWork, look: Look, now: datetime) -> Progress:
        """What `change` would tell, nothing being changed."""
        deviations = look.deviations
        if look.ring is not None:
            deviations = tuple(await survey_slots(work, look.ring, look.slots, now))
        return look.progress(_rows(deviations, ""))

    async def _compile(self, work: UnitOfWork, workspace: Workspace, position: Position) -> Look:
        sources = await work.documents.page(workspace.id, position.after, AT_ONCE)
        if not sources:
            return await self._next_plane(work, workspace, replace(position, plane="", after=None))
        prepared = await prepare_all(work, workspace.id, sources)
        stored = await work.slots.desired_of(workspace.id, "", [config_slot(each.user_id) for each in sources])
        planes = len(await work.dataplanes.live_ids(workspace.id))
        most = max(MOST_EVENTS // max(planes, 1), 1)
        publish: list[Prepared] = []
        problems: list[Problem] = []
        seen = 0
        for each in prepared:
            if len(publish) == most:
                break  # the rest is the next step's
            seen += 1
            newest = stored.get(config_slot(each.user_id))
            if isinstance(each, Problem):
                problems.append(each)
            elif newest is None or (newest.digest != each.compiled.digest and not newest.removed):
                publish.append(each)
        position = replace(
            position,
            after=sources[seen - 1].user_id,
            walked=position.walked + seen,
            compiled=position.compiled + seen,
            changed=position.changed + len(publish),
        )
        return Look(position, tuple(publish), tuple(problems))

    async def _next_plane(self, work: UnitOfWork, workspace: Workspace, position: Position) -> Look:
        plane = await _live_after(work, workspace, position.plane or "")
        if plane is None:
            return Look(replace(position, done=True, total=position.walked))
        position = replace(position, plane=plane.id, after=None)
        page = await work.slots.desired_page(workspace.id, plane.id, "", AT_ONCE)
        slots = [each.slot for each in page]
        return Look(_past(position, slots), ring=plane, slots=frozenset(slots))

    async def _walk(self, work: UnitOfWork, workspace: Workspace, position: Position) -> Look:
        plane = await work.dataplanes.get(position.plane or "")
        page = await work.slots.desired_page(workspace.id, position.plane or "", position.after or "", AT_ONCE)
        slots = [each.slot for each in page]
        if plane is None:
            return Look(_past(position, []))
        deviations = await survey_slots(work, plane, set(slots), await work.now(), ignored_event=position.event)
        return Look(_past(position, slots), deviations=tuple(deviations))


def _past(position: Position, slots: Sequence[str]) -> Position:
    return replace(
        position,
        after=slots[-1] if slots else position.after,
        walked=position.walked + len(slots),
        plane_done=len(slots) < AT_ONCE,
    )


def _rows(deviations: Sequence[Deviation], event: str) -> list[SlotRow]:
    return [SlotRow(each.dataplane_id, each.slot, each.finding, event) for each in deviations]


async def _live_after(work: UnitOfWork, workspace: Workspace, after: str) -> Dataplane | None:
    while page := await work.dataplanes.page(workspace.id, after, DATAPLANES_AT_ONCE):
        for plane in page:
            if plane.revoked_at is None and plane.retired_at is None:
                return plane
        after = page[-1].id
    return None


async def _total(work: UnitOfWork, workspace: Workspace) -> int:
    """Documents to compile, and the slots of every live data plane (those of single ones are not counted)."""
    planes = len(await work.dataplanes.live_ids(workspace.id))
    return await work.documents.count(workspace.id) + planes * await work.slots.count(workspace.id, "")
