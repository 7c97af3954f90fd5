"""Slots on the wire: what a reconciliation or a full synchronisation found and did."""

from __future__ import annotations

from agentrouter.configurator.v1 import slots_pb2 as pb
from controlplane.domain.slots import Finding
from controlplane.services.full_sync_steps import Progress
from controlplane.services.reconciliation import Reconciled, ReconcileWorkspace, SlotRow

FINDINGS = {finding: f"SLOT_FINDING_{finding.name}" for finding in Finding}


def read_reconcile(request: pb.ReconcileWorkspaceRequest) -> ReconcileWorkspace:
    """What is asked for."""
    return ReconcileWorkspace(
        workspace_id=request.workspace_id,
        dataplane_id=request.dataplane_id,
        include_rejected=request.include_rejected,
    )


def reconciled(value: Reconciled) -> pb.ReconcileWorkspaceResponse:
    """Rows and counts."""
    return pb.ReconcileWorkspaceResponse(
        rows=[row(each) for each in value.rows],
        enqueued_count=value.enqueued,
        missing_count=value.missing,
        stale_count=value.stale,
        orphaned_count=value.orphaned,
        rejected_count=value.rejected,
    )


def progress(value: Progress) -> pb.FullSyncWorkspaceResponse:
    """One step."""
    return pb.FullSyncWorkspaceResponse(
        walked_count=value.walked,
        total_count=value.total,
        rows=[row(each) for each in value.rows],
        done=value.done,
        compiled_count=value.compiled,
        changed_count=value.changed,
        problems=[pb.CompileProblem(user_id=each.user_id, message=each.message) for each in value.problems],
    )


def row(value: SlotRow) -> pb.SlotRow:
    """One deviating slot."""
    return pb.SlotRow(
        dataplane_id=value.dataplane_id,
        slot=value.slot,
        finding=FINDINGS[value.finding],
        event_id=value.event_id,
    )
