"""Full synchronisations: one at a time in a workspace, carried on by another replica when its own dies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FULL_SYNC_LEASE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class FullSyncRun:
    """`holder` is the replica that runs it, until its lease ends. `position` is JSON: where to go on from."""

    workspace_id: str
    id: str
    holder: str
    lease_expires_at: datetime
    started_at: datetime
    finished_at: datetime | None = None
    position: bytes = b""

    def abandoned(self, now: datetime) -> bool:
        """Whether nobody runs it although it is not done."""
        return self.finished_at is None and self.lease_expires_at <= now
