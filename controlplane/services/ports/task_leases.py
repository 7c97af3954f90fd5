"""What the store keeps so that, of all replicas, one runs a task."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from controlplane.domain.full_syncs import FullSyncRun


class TaskLeases(Protocol):
    """One row a task: who may run it, and until when."""

    async def take(self, tasks: Collection[str], holder: str, now: datetime, expires_at: datetime) -> frozenset[str]:
        """Take or renew what is free, ended or one's own; those of `tasks` that are the holder's now."""

    async def release(self, holder: str) -> None:
        """Give back everything that the holder has, so that others need not wait for it to end."""


class FullSyncs(Protocol):
    """The newest full synchronisation of each workspace, and what each told on its way."""

    async def get(self, workspace_id: str) -> FullSyncRun | None:
        """In a writing unit of work held for update."""

    async def put(self, run: FullSyncRun) -> None:
        """Replace the workspace's."""

    async def add_step(self, run_id: str, number: int, content: bytes, created_at: datetime) -> None:
        """Raises AlreadyExists when the run has a step of that number."""

    async def steps(self, run_id: str, after: int) -> list[tuple[int, bytes]]:
        """Number and content of those greater than `after`, ascending."""

    async def purge_steps(self, created_before: datetime) -> int:
        """How many went."""
