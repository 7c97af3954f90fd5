"""Consumer keys that must be refused."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Table

from controlplane.store.columns import Moment, Words
from controlplane.store.tables.shape import key, metadata, needed

revocations = Table(
    "revocations",
    metadata,
    key("workspace_id", ForeignKey("workspaces.id")),
    key("jti"),
    needed("expires_at", Moment),
    needed("revision", BigInteger),
    needed("reason", Words),
    needed("created_at", Moment),
    Index("revocations_by_revision", "workspace_id", "revision"),
    Index("revocations_by_end", "expires_at"),
)
