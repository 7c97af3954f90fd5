"""Who runs what only one replica may run."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update

from controlplane.domain.full_syncs import FullSyncRun
from controlplane.store.rows import from_row, to_row
from controlplane.store.tables import full_sync_steps, full_syncs, task_leases
from controlplane.store.transaction import Transaction


class SqlTaskLeases:
    """The port's TaskLeases."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def take(self, tasks: Collection[str], holder: str, now: datetime, expires_at: datetime) -> frozenset[str]:
        """One statement a task decides; in one order, so that two replicas never wait for each other."""
        return frozenset([task for task in sorted(set(tasks)) if await self._take(task, holder, now, expires_at)])

    async def release(self, holder: str) -> None:
        """Others take them at their next look."""
        await self._transaction.change(delete(task_leases).where(task_leases.c.holder == holder))

    async def _take(self, task: str, holder: str, now: datetime, expires_at: datetime) -> bool:
        columns = task_leases.c
        free = (columns.task == task) & ((columns.holder == holder) | (columns.expires_at <= now))
        statement = update(task_leases).where(free).values(holder=holder, expires_at=expires_at)
        if await self._transaction.change(statement) == 1:
            return True
        row = {"task": task, "holder": holder, "expires_at": expires_at}
        return await self._transaction.insert_new(task_leases, row)


class SqlFullSyncs:
    """The port's FullSyncs."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, workspace_id: str) -> FullSyncRun | None:
        """In a writing unit of work held for update."""
        query = select(full_syncs).where(full_syncs.c.workspace_id == workspace_id)
        rows = await self._transaction.to_change(query)
        return from_row(FullSyncRun, rows[0]) if rows else None

    async def put(self, run: FullSyncRun) -> None:
        """Replace the workspace's."""
        await self._transaction.replace(full_syncs, to_row(run, full_syncs))

    async def add_step(self, run_id: str, number: int, content: bytes, created_at: datetime) -> None:
        """Raises AlreadyExists when the run has a step of that number."""
        row = {"full_sync_id": run_id, "number": number, "content": content, "created_at": created_at}
        await self._transaction.insert(full_sync_steps, row)

    async def steps(self, run_id: str, after: int) -> list[tuple[int, bytes]]:
        """Ascending by number."""
        columns = full_sync_steps.c
        query = select(columns.number, columns.content).where(columns.full_sync_id == run_id, columns.number > after)
        return [(row.number, row.content) for row in await self._transaction.rows(query.order_by(columns.number))]

    async def purge_steps(self, created_before: datetime) -> int:
        """By age."""
        return await self._transaction.change(
            delete(full_sync_steps).where(full_sync_steps.c.created_at < created_before)
        )
