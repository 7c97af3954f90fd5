"""Upgrades of a data plane: one line of phases from the request to its end, and the way back.

Theory of operation. An upgrade begins REQUESTED with credentials sealed to its data plane. The agent takes them
(CREDENTIALS_READY), downloads, verifies, switches and watches; COMPLETED, FAILED, CANCELLED and ROLLED_BACK are ends. A
cancellation may come in every phase before an end: CANCELLING until the agent has rolled back atomically; the upgrade
may also end first, for an end that the agent has proven stands. A roll-back is an upgrade of its own, which begins
ROLLING_BACK and only ever follows a COMPLETED one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Self

from controlplane.domain.errors import StateConflict


class UpgradePhase(Enum):
    """Where an upgrade is."""

    REQUESTED = "requested"
    CREDENTIALS_READY = "credentials_ready"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    SWITCHING = "switching"
    WATCHING = "watching"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"


_P = UpgradePhase
_STOPPABLE = frozenset({_P.CANCELLING, _P.FAILED, _P.COMPLETED})
TRANSITIONS: dict[UpgradePhase, frozenset[UpgradePhase]] = {
    _P.REQUESTED: _STOPPABLE | {_P.CREDENTIALS_READY},
    _P.CREDENTIALS_READY: _STOPPABLE | {_P.DOWNLOADING},
    _P.DOWNLOADING: _STOPPABLE | {_P.VERIFYING},
    _P.VERIFYING: _STOPPABLE | {_P.SWITCHING},
    _P.SWITCHING: _STOPPABLE | {_P.WATCHING},
    _P.WATCHING: _STOPPABLE,
    _P.COMPLETED: frozenset(),
    _P.CANCELLING: frozenset({_P.CANCELLED, _P.COMPLETED, _P.FAILED}),
    _P.CANCELLED: frozenset(),
    _P.FAILED: frozenset(),
    _P.ROLLING_BACK: frozenset({_P.ROLLED_BACK, _P.FAILED}),
    _P.ROLLED_BACK: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Upgrade:
    """One upgrade or roll-back. `number` counts those of the data plane, from 1; `event_id` is its name everywhere.

    `sealed` holds the registry credentials as only the data plane can open them; empty once wiped.
    """

    event_id: str
    workspace_id: str
    dataplane_id: str
    number: int
    phase: UpgradePhase
    target_version: str
    registry: str
    username: str
    sealed: bytes = field(repr=False)
    expires_at: datetime | None
    error: str
    created_at: datetime
    updated_at: datetime

    @property
    def ended(self) -> bool:
        """Whether nothing more can happen to it."""
        return not TRANSITIONS[self.phase]

    def to(self, phase: UpgradePhase, now: datetime, error: str = "") -> Self:
        """Enter the next phase; its credentials are wiped with its end. Raises StateConflict."""
        if phase not in TRANSITIONS[self.phase]:
            raise StateConflict(
                f"an upgrade cannot go from {self.phase.value} to {phase.value}",
                subject=self.event_id,
                reason="UPGRADE_PHASE",
            )
        moved = replace(self, phase=phase, updated_at=now, error=error)
        return moved.wiped() if moved.ended else moved

    def wiped(self) -> Self:
        """Without its credentials."""
        return replace(self, sealed=b"")
