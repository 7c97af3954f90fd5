"""Source documents: the newest of each, and the versions that are kept of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table

from controlplane.store.columns import Moment, Words
from controlplane.store.tables.shape import key, metadata, needed

source_documents = Table(
    "source_documents",
    metadata,
    key("workspace_id", ForeignKey("workspaces.id")),
    key("user_id"),
    needed("etag", Words),
    needed("generation", BigInteger),
    needed("updated_at", Moment),
    needed("version", BigInteger),
    needed("content", LargeBinary),
)

document_versions = Table(
    "document_versions",
    metadata,
    key("workspace_id", ForeignKey("workspaces.id")),
    key("user_id"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    needed("etag", Words),
    needed("author", Words),
    needed("reason", Words),
    needed("configuration_version", BigInteger),
    needed("restored_version", BigInteger),
    needed("created_at", Moment),
    needed("content", LargeBinary),  # last, so that SQLite reads the rest without walking through it
    Index("document_versions_by_age", "created_at"),
)
