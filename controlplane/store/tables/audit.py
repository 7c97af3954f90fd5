"""The audit: records that are only ever added, and the head of each tenant's chain."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table

from controlplane.store.columns import Moment, Words
from controlplane.store.tables.shape import key, metadata, needed

audit_records = Table(
    "audit_records",
    metadata,
    key("tenant_id"),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    needed("recorded_at", Moment),
    needed("actor", Words),
    needed("action", Words),
    needed("workspace_id", Words),
    needed("subject", Words),
    needed("origin", Words),
    needed("details", Words),
    needed("hash", Words),
    Index("audit_records_of_workspace", "tenant_id", "workspace_id", "sequence"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    key("tenant_id"),
    needed("sequence", BigInteger),
    needed("hash", Words),
)
