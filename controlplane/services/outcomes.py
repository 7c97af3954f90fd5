"""What an ended event leaves behind: the slot's versions, the events it covers, the data plane's watermark."""

from __future__ import annotations

from dataclasses import replace

from controlplane.domain.dataplanes import SlotState
from controlplane.domain.events import Event, EventStatus
from controlplane.services.ports import UnitOfWork
from controlplane.services.succession import covers, full_revision


async def record(work: UnitOfWork, ended: Event) -> list[Event]:
    """Enter an APPLIED, FAILED or DEAD_LETTER event; the events that it covers, superseded and not yet saved.

    The applied version never goes back. A dead letter leaves its version refused, so that nothing takes the slot for
    applied until it is.
    """
    state = await work.dataplanes.slot_state(ended.dataplane_id, ended.slot)
    await work.dataplanes.put_slot_state(moved(state, ended))
    if ended.status is EventStatus.DEAD_LETTER:
        return []
    now = await work.now()
    live = await work.events.live_in_slot(ended.dataplane_id, ended.slot)
    return [other.supersede(ended.id, now) for other in live if covers(ended, other)]


async def raise_watermark(work: UnitOfWork, ended: Event) -> None:
    """After a full event: what it covers. When nothing is left to do and nothing is refused: everything."""
    if ended.status is not EventStatus.APPLIED:
        return
    revision = full_revision(ended)
    # Read before the live events: a publication in between shows as one of them.
    workspace = await work.workspaces.get(ended.workspace_id)
    live = await work.events.page(ended.workspace_id, ended.dataplane_id, "", "", 1, finished=False)
    states = await work.dataplanes.slot_states([ended.dataplane_id])
    if workspace and not live and not any(state.rejected_version > state.applied_version for state in states):
        revision = workspace.revision
    if revision is not None:
        await work.dataplanes.raise_applied_revision(ended.dataplane_id, revision)


def moved(state: SlotState | None, event: Event) -> SlotState:
    """The slot after an ended event: applied and refused versions only grow, and applying lifts a refusal."""
    state = state or SlotState(event.dataplane_id, event.slot, 0, "", None, b"", 0, "")
    if event.status is EventStatus.DEAD_LETTER:
        given_up = f"given up after {event.attempt} attempts: {event.error}"
        return _refused(state, event.configuration_version, given_up)
    if event.status is EventStatus.FAILED:
        return _refused(state, event.completed_version, event.error)
    if event.completed_version < state.applied_version:
        return state
    lifted = event.completed_version >= state.rejected_version
    return replace(
        state,
        applied_version=event.completed_version,
        applied_digest=event.completed_digest,
        applied_at=event.completed_at,
        proof=event.proof,
        rejected_version=0 if lifted else state.rejected_version,
        rejected_reason="" if lifted else state.rejected_reason,
    )


def _refused(state: SlotState, version: int, reason: str) -> SlotState:
    if version < state.rejected_version:
        return state
    return replace(state, rejected_version=version, rejected_reason=reason)
