"""Upgrades on the wire."""

from __future__ import annotations

from agentrouter.management.v1 import dataplanes_pb2
from controlplane.domain.upgrades import Upgrade, UpgradePhase
from controlplane.transport.messages.times import timestamp

PHASES = {phase: f"UPGRADE_PHASE_{phase.name}" for phase in UpgradePhase}


def upgrade_view(value: Upgrade | None) -> dataplanes_pb2.UpgradeView | None:
    """The latest upgrade of a data plane, never its credentials."""
    if value is None:
        return None
    return dataplanes_pb2.UpgradeView(
        event_id=value.event_id,
        phase=PHASES[value.phase],
        target_version=value.target_version,
        error=value.error,
        updated_at=timestamp(value.updated_at),
    )
