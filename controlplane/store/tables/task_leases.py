"""Which replica runs what only one may run: periodic tasks, and the full synchronisation of a workspace."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table

from controlplane.store.columns import Moment, Words
from controlplane.store.tables.shape import key, metadata, needed

task_leases = Table(
    "task_leases",
    metadata,
    key("task"),
    needed("holder", Words),
    needed("expires_at", Moment),
)

full_syncs = Table(
    "full_syncs",
    metadata,
    key("workspace_id", ForeignKey("workspaces.id")),
    needed("id", Words),
    needed("holder", Words),
    needed("lease_expires_at", Moment),
    needed("started_at", Moment),
    Column("finished_at", Moment),
    needed("position", LargeBinary),
)

full_sync_steps = Table(
    "full_sync_steps",
    metadata,
    key("full_sync_id"),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    needed("created_at", Moment),
    needed("content", LargeBinary),
    Index("full_sync_steps_by_age", "created_at"),
)
