"""Returns to the last known good, as agents report them: entered once, whatever is told again, late or of old times."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from controlplane.domain.callers import DataplaneCaller
from controlplane.domain.dataplanes import Boot, Dataplane, SlotState
from controlplane.domain.reverts import EnteredRevert, Revert
from controlplane.domain.slots import DesiredSlot, is_document
from controlplane.services.group_commits import GroupCommits, Key
from controlplane.services.outcomes import blank_state, pair_of
from controlplane.services.ports import Store, UnitOfWork

log = logging.getLogger(__name__)
Told = tuple[Boot | None, bool, tuple[Revert, ...]]


class Reverts:
    """Remembers what it has entered: an agent goes on reporting a return for as long as the older version serves."""

    def __init__(self, store: Store) -> None:
        self._together = GroupCommits(store, _held)
        self._told: dict[str, Told] = {}

    async def note(
        self, caller: DataplaneCaller, boot: Boot | None, reverted: tuple[Revert, ...], *, of_this_history: bool
    ) -> None:
        """`of_this_history`: the agent knows the store's epoch; versions of another one mean nothing here.

        Raises Unavailable, Overloaded.
        """
        if not reverted:
            self._told.pop(caller.dataplane_id, None)
            return
        told = (boot, of_this_history, reverted)
        if self._told.get(caller.dataplane_id) == told:
            return
        if boot is None or not of_this_history:
            _ignore(caller.dataplane_id, "the report is of another history, or of no boot")
        else:
            life = boot

            async def step(held: _Held) -> None:
                await _enter(held, caller.dataplane_id, life, reverted)

            await self._together.run((caller.dataplane_id, ""), step)
        self._told[caller.dataplane_id] = told


@dataclass(frozen=True, slots=True)
class _Held:
    """Locked data planes, by id."""

    work: UnitOfWork
    now: datetime
    planes: Mapping[str, Dataplane]

    async def flush(self) -> None:
        """Every step has written its own."""


async def _held(work: UnitOfWork, keys: Sequence[Key]) -> _Held:
    planes = await work.dataplanes.lock_all({dataplane_id for dataplane_id, _ in keys})
    return _Held(work, await work.now(), {plane.id: plane for plane in planes})


async def _enter(held: _Held, dataplane_id: str, boot: Boot, reverted: Sequence[Revert]) -> None:
    work, plane = held.work, held.planes.get(dataplane_id)
    if plane is None or (plane.boot is not None and boot.counter < plane.boot.counter):
        _ignore(dataplane_id, f"the report is of boot {boot.counter}, which is over")
        return
    slots = {each.slot for each in reverted}
    desired = await work.slots.desired_of(plane.workspace_id, plane.id, slots)
    states = await work.slots.states_of(plane.id, slots)
    applied = await work.slots.applied_at(plane.workspace_id, plane.id, plane.applied_revision, slots - states.keys())
    for each in reverted:
        state = states.get(each.slot) or blank_state(plane.id, each.slot, applied.get(each.slot))
        if state.reverted is not None and state.reverted.told == each:
            continue
        if problem := _problem(each, desired.get(each.slot), state):
            _ignore(plane.id, f"of {each.slot!r}: {problem}")
            continue
        together_with = await pair_of(work, plane, each.slot, each.workspace_version)
        await work.dataplanes.put_slot_state(taken_back(state, each, together_with, held.now))
        log.warning("data plane %s, %s version %d: %r", plane.id, each.slot, each.from_version, each.in_words())


def _problem(told: Revert, desired: DesiredSlot | None, state: SlotState) -> str:
    """Why it is ignored; empty when it is not."""
    if not is_document(told.slot):
        return "only documents are taken back"
    was = desired is not None and told.from_version <= desired.version
    if not was or not 0 <= told.to_version < told.from_version:
        return f"there never was a way from version {told.from_version} to {told.to_version}"
    newer = max(state.applied_version, state.reverted.told.from_version if state.reverted else 0)
    if newer > told.from_version:
        return f"version {newer} came after version {told.from_version}"
    return ""


def taken_back(state: SlotState, told: Revert, together_with: int, now: datetime) -> SlotState:
    """The slot from now on: what serves went back, what was applied did not, and the version is refused."""
    state = replace(state, reverted=EnteredRevert(told, now))
    if told.from_version < state.rejected_version:
        return state  # a newer one was refused since
    return replace(
        state,
        rejected_version=told.from_version,
        rejected_reason=told.in_words().replace("\0", " "),  # its own words may hold what cannot be stored
        rejected_with=together_with,
        given_up=False,
    )


def _ignore(dataplane_id: str, why: str) -> None:
    log.warning("data plane %s reports a return to its last known good, which is ignored: %s", dataplane_id, why)
