"""Looks for slots of a data plane that deviate; the cost follows what differs, never how much there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from controlplane.domain.dataplanes import Dataplane, RejectedVersion, SlotState
from controlplane.domain.events import Event
from controlplane.domain.slots import STALLED_AFTER, WORKSPACE_SLOT, AppliedSlot, DesiredSlot, Finding, finding_of
from controlplane.services.outcomes import composing_version
from controlplane.services.ports import UnitOfWork
from controlplane.services.succession import full_revision

NOTHING = AppliedSlot(0)


@dataclass(frozen=True, slots=True)
class Deviation:
    """A slot of a data plane that is not as desired, and nobody is about to change that."""

    dataplane_id: str
    desired: DesiredSlot
    finding: Finding

    @property
    def slot(self) -> str:
        """Its slot."""
        return self.desired.slot


@dataclass(frozen=True, slots=True)
class _Sight:
    """Everything that judging slots takes. `live` is of the slots asked for, and always of the workspace document's.
    `said`: what the data plane last reported as refused, by slot."""

    plane: Dataplane
    now: datetime
    states: Mapping[str, SlotState]
    applied: Mapping[str, AppliedSlot]
    live: Iterable[Event]
    workspace_version: int
    said: Mapping[str, RejectedVersion]


async def survey(work: UnitOfWork, plane: Dataplane, now: datetime) -> list[Deviation]:
    """Every deviation of the data plane, ascending by slot: what changed behind its watermark, and its rows."""
    desired = {
        each.slot: each for each in await work.slots.desired_since(plane.workspace_id, plane.id, plane.applied_revision)
    }
    rows = {state.slot for state in await work.slots.deviating(plane.id)}
    suspects = (rows | {WORKSPACE_SLOT}) - desired.keys()
    desired |= await work.slots.desired_of(plane.workspace_id, plane.id, suspects)
    live = await work.events.live_of_dataplane(plane.id)
    return await _judged(work, plane, desired, live, now)


async def survey_slots(
    work: UnitOfWork, plane: Dataplane, slots: Collection[str], now: datetime, ignored_event: str = ""
) -> list[Deviation]:
    """Which of `slots` deviate, ascending by slot. In a writing unit of work their live events are held.

    `ignored_event` is judged as if it were not there: it is what was made to repair them.
    """
    names = {*slots, WORKSPACE_SLOT}
    desired = dict(await work.slots.desired_of(plane.workspace_id, plane.id, names))
    live = [event for event in await work.events.live_in_slots(plane.id, names) if event.id != ignored_event]
    found = await _judged(work, plane, desired, live, now)
    return [each for each in found if each.slot in slots]


async def _judged(
    work: UnitOfWork, plane: Dataplane, desired: Mapping[str, DesiredSlot], live: Iterable[Event], now: datetime
) -> list[Deviation]:
    states = await work.slots.states_of(plane.id, desired)
    unknown = [slot for slot, each in desired.items() if slot not in states and each.revision > plane.applied_revision]
    applied = await work.slots.applied_at(plane.workspace_id, plane.id, plane.applied_revision, unknown)
    composing = composing_version(desired.get(WORKSPACE_SLOT), states.get(WORKSPACE_SLOT))
    said = {each.slot: each for each in plane.report.rejected}
    sight = _Sight(plane, now, states, applied, live, composing, said)
    newest, everything_since = _events_by_slot(sight)
    found = []
    for slot in sorted(desired):
        finding = _finding(sight, desired[slot], newest.get(slot), everything_since)
        if finding is not None:
            found.append(Deviation(plane.id, desired[slot], finding))
    return found


def _events_by_slot(sight: _Sight) -> tuple[dict[str, datetime], tuple[int, datetime] | None]:
    """When the newest live event of each slot was made; up to which revision and since when a live one covers all."""
    newest: dict[str, datetime] = {}
    everything: tuple[int, datetime] | None = None
    for event in sight.live:
        newest[event.slot] = max(event.created_at, newest.get(event.slot, event.created_at))
        revision = full_revision(event)
        if revision is not None:
            everything = max(everything or (0, event.created_at), (revision, event.created_at))
    return newest, everything


def _finding(
    sight: _Sight, desired: DesiredSlot, event_at: datetime | None, everything: tuple[int, datetime] | None
) -> Finding | None:
    if everything is not None and desired.revision <= everything[0]:
        event_at = max(event_at or everything[1], everything[1])
    applied = _applied(sight, desired)
    if desired.slot == WORKSPACE_SLOT and _is_left_wanting(sight, everything):
        return Finding.MISSING if applied.empty and everything is None else Finding.STALE
    state = sight.states.get(desired.slot)
    said = sight.said.get(desired.slot)
    return finding_of(desired, applied, state, event_at, sight.now, sight.workspace_version, said)


def _applied(sight: _Sight, desired: DesiredSlot) -> AppliedSlot:
    state = sight.states.get(desired.slot)
    if state is not None:
        removed = desired.removed and state.applied_version == desired.version
        return AppliedSlot(state.applied_version, removed)
    if desired.revision <= sight.plane.applied_revision:
        return AppliedSlot(desired.version, desired.removed)
    return sight.applied.get(desired.slot, NOTHING)


def _is_left_wanting(sight: _Sight, everything: tuple[int, datetime] | None) -> bool:
    """Whether everything was to be sent anew, and the event that should do it is dead or has stalled."""
    if not sight.plane.wanted_revision:
        return False
    return everything is None or sight.now - everything[1] >= STALLED_AFTER
