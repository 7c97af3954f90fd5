"""What an ended event leaves behind: the slot's versions, the events it covers, the data plane's watermark.

Every method expects the data plane's row to be locked by `work` (`work.dataplanes.lock`): of two completions the second
sees what the first left, so that whichever is last raises the watermark over both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from controlplane.domain.dataplanes import Dataplane, RejectedVersion, SlotState
from controlplane.domain.events import Event, EventStatus
from controlplane.domain.slots import WORKSPACE_SLOT, AppliedSlot, DesiredSlot, is_command, is_consumer
from controlplane.services.ports import UnitOfWork
from controlplane.services.succession import full_revision

FIRST_LOOK, NEXT_LOOKS = 16, 500  # versions; mostly the first one that is not applied yet is near


@dataclass(frozen=True, slots=True)
class Details:
    """What a completion says beside the outcome. `workspace_version`: the workspace document that a consumer was
    refused together with, 0 when not told; `refused`: of a full event, the other slots whose newest was refused."""

    workspace_version: int = 0
    refused: tuple[RejectedVersion, ...] = ()


NO_DETAILS = Details()


async def settle(
    work: UnitOfWork, plane: Dataplane, ended: Event, desired: DesiredSlot | None, details: Details = NO_DETAILS
) -> Dataplane:
    """Enter an APPLIED, FAILED or DEAD_LETTER event, and raise the watermark as far as it goes then.

    What comes back is the data plane as it is then. `desired`: the newest version of its slot. The applied version
    never goes back. A dead letter leaves its version given up, so that nothing takes the slot for applied until it is.
    A command leaves nothing behind but its event.
    """
    if is_command(ended.slot):
        return plane
    stored = (await work.slots.states_of(plane.id, [ended.slot])).get(ended.slot)
    state = stored or await _as_the_watermark_says(work, plane, ended, desired)
    refused = ended.status is not EventStatus.APPLIED
    refused_with = await pair_of(work, plane, ended.slot, details.workspace_version) if refused else 0
    state = moved(state, ended, desired, refused_with)
    known = None if ended.status is EventStatus.DEAD_LETTER else full_revision(ended)
    if known is not None:
        return await _put_whole(work, plane, state, _Tried(known, ended.acknowledged_at, details.refused))
    return await _put_one(work, plane, state, stored)


async def settle_installed(work: UnitOfWork, plane: Dataplane, installed: DesiredSlot, now: datetime) -> None:
    """Enter what the data plane was installed with, of which no event tells it: it counts as applied, or the slot would
    hold up the watermark until somebody repairs what needs no repair."""
    applied = AppliedSlot(installed.version, revision=installed.revision)
    state = replace(blank_state(plane.id, installed.slot, applied), applied_digest=installed.digest, applied_at=now)
    await _put_one(work, plane, state, None)


async def _put_one(work: UnitOfWork, plane: Dataplane, state: SlotState, stored: SlotState | None) -> Dataplane:
    """Keep the slot's row (`stored` until now) where the watermark does not say the same, once that was raised."""
    reached, others = await _reached(work, plane, plane.applied_revision, state)
    if not _is_told_by_watermark(state, max(reached, plane.applied_revision)):
        await work.dataplanes.put_slot_state(state)
    elif stored is not None:
        await work.slots.drop(plane.id, [state.slot])
    if reached > plane.applied_revision:
        await work.dataplanes.raise_applied_revision(plane.id, reached)
        if others:
            await work.slots.forget_covered(plane.id, reached)
    return replace(plane, applied_revision=max(reached, plane.applied_revision))


async def pair_of(work: UnitOfWork, plane: Dataplane, slot: str, told: int) -> int:
    """The version of the workspace document that a consumer's was refused together with: as `told`, or, with 0, the one
    that the data plane composes consumers with. 0 for every other slot."""
    return told or await _workspace_version(work, plane) if is_consumer(slot) else 0


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a full event tried anew: everything up to the revision `known`, since `begun_at`; `refused` is the rest."""

    known: int
    begun_at: datetime | None
    refused: Sequence[RejectedVersion]

    def settles(self, row: SlotState) -> bool:
        """Whether what was known of that slot is over; not that it was taken back only after everything was tried."""
        return row.reverted is None or not row.reverted.came_after(self.begun_at)


async def _put_whole(work: UnitOfWork, plane: Dataplane, state: SlotState, tried: _Tried) -> Dataplane:
    """A full event covers all up to its own revision; one that was refused for good has been tried whole as well: what
    was refused is kept in rows."""
    await work.dataplanes.put_slot_state(state)
    await _settle_rows(work, plane, tried)
    known = tried.known
    reached, _ = await _reached(work, plane, max(plane.applied_revision, known), state)
    if reached > plane.applied_revision:
        await work.dataplanes.raise_applied_revision(plane.id, reached)
        await work.slots.forget_covered(plane.id, reached)
    wanted = plane.wanted_revision
    if 0 < wanted <= known:
        wanted = 0
        await work.dataplanes.want_everything(plane.id, wanted)
    return replace(plane, applied_revision=max(reached, plane.applied_revision), wanted_revision=wanted)


async def _reached(work: UnitOfWork, plane: Dataplane, revision: int, own: SlotState) -> tuple[int, bool]:
    """The last revision before the first version that is neither applied nor kept in a row as refused or given up, and
    whether rows other than `own` were met on the way."""
    look, met = FIRST_LOOK, False
    while True:
        found = await work.slots.versions_since(plane.workspace_id, plane.id, revision, look)
        asked = {each.slot for each in found.versions} - {own.slot}
        states = {**(await work.slots.states_of(plane.id, asked) if asked else {}), own.slot: own}
        met = met or len(states) > 1
        for version in found.versions:
            if not passes(states.get(version.slot), version):
                return version.revision - 1, met
        revision, look = found.complete_to, NEXT_LOOKS
        if not found.more:
            return revision, met


def passes(state: SlotState | None, version: DesiredSlot) -> bool:
    """Whether the watermark may pass that version: it was applied, or is kept in a row as refused."""
    return state is not None and max(state.applied_version, state.rejected_version) >= version.version


def _is_told_by_watermark(state: SlotState, revision: int) -> bool:
    """The workspace document's row is kept, for its proof."""
    return not state.deviates and 0 < state.applied_revision <= revision and state.slot != WORKSPACE_SLOT


async def _as_the_watermark_says(
    work: UnitOfWork, plane: Dataplane, ended: Event, desired: DesiredSlot | None
) -> SlotState:
    """Of a slot without a row. What was applied before is not asked for where the newest version there is was."""
    newest = desired.version if desired else 0
    if ended.status is EventStatus.APPLIED and ended.completed_version == newest:
        return blank_state(plane.id, ended.slot, None)
    applied = await work.slots.applied_at(plane.workspace_id, plane.id, plane.applied_revision, [ended.slot])
    return blank_state(plane.id, ended.slot, applied.get(ended.slot))


def blank_state(dataplane_id: str, slot: str, applied: AppliedSlot | None) -> SlotState:
    """A row that says what the watermark says; the proof is the slot's newest APPLIED event's."""
    version, revision = (applied.version, applied.revision) if applied else (0, 0)
    return SlotState(dataplane_id, slot, version, "", None, b"", 0, "", applied_revision=revision)


async def _workspace_version(work: UnitOfWork, plane: Dataplane) -> int:
    """Of the workspace document that consumers are composed with there: the newest, unless that one was refused."""
    desired = await work.slots.desired_of(plane.workspace_id, plane.id, [WORKSPACE_SLOT])
    states = await work.slots.states_of(plane.id, [WORKSPACE_SLOT])
    return composing_version(desired.get(WORKSPACE_SLOT), states.get(WORKSPACE_SLOT))


def composing_version(desired: DesiredSlot | None, state: SlotState | None) -> int:
    """The workspace version that a data plane composes consumers with, once it has come to rest."""
    newest = desired.version if desired else 0
    if state is not None and state.deviates and state.rejected_version == newest:
        return state.running_version
    return newest


async def _settle_rows(work: UnitOfWork, plane: Dataplane, tried: _Tried) -> None:
    """Everything was tried anew: of what did not change since, nothing was refused but what is named."""
    named = {each.slot: each for each in tried.refused if each.slot != WORKSPACE_SLOT}
    rows = {state.slot: state for state in await work.dataplanes.slot_states([plane.id])}
    desired = await work.slots.desired_of(plane.workspace_id, plane.id, rows.keys() | named.keys())
    settled = {slot for slot, row in rows.items() if slot in desired and tried.settles(row)}
    settled = {slot for slot in settled if desired[slot].revision <= tried.known}
    await work.slots.drop(plane.id, settled - named.keys() - {WORKSPACE_SLOT})
    applied = await work.slots.applied_at(plane.workspace_id, plane.id, plane.applied_revision, named)
    for slot, each in named.items():
        if slot in desired and each.version <= desired[slot].version:  # else it is of another history
            state = rows.get(slot) or blank_state(plane.id, slot, applied.get(slot))
            await work.dataplanes.put_slot_state(_refused(state, each.version, each.reason, each.workspace_version))


def moved(state: SlotState, event: Event, desired: DesiredSlot | None, refused_with: int) -> SlotState:
    """The slot after an ended event: applied and refused versions only grow, and applying lifts a refusal, and that a
    version was taken back; but not when it comes late, of before it was."""
    if event.status is EventStatus.DEAD_LETTER:
        reason = f"given up after {event.attempt} attempts: {event.error}"
        return replace(_refused(state, event.configuration_version, reason, refused_with), given_up=True)
    if event.status is EventStatus.FAILED:
        return _refused(state, event.completed_version, event.error, refused_with)
    if event.completed_version < state.applied_version:
        return state
    newest = desired is not None and desired.version == event.completed_version
    if not _is_of_before(event, state):
        lifted = event.completed_version >= state.rejected_version
        state = replace(state, rejected_version=0, rejected_reason="", given_up=False) if lifted else state
        state = replace(state, reverted=None)
    return replace(
        state,
        applied_version=event.completed_version,
        applied_digest=event.completed_digest,
        applied_at=event.completed_at,
        applied_revision=desired.revision if newest and desired else 0,
        proof=event.proof,
    )


def _is_of_before(event: Event, state: SlotState) -> bool:
    """Whether the event was taken up before what it applied was taken back."""
    back = state.reverted
    if back is None or event.completed_version > back.told.from_version:
        return False
    return back.came_after(event.acknowledged_at)


def _refused(state: SlotState, version: int, reason: str, refused_with: int) -> SlotState:
    if version < state.rejected_version:
        return state
    return replace(state, rejected_version=version, rejected_reason=reason, rejected_with=refused_with, given_up=False)
