"""Consumers' own backends, a set a row; their credentials are secrets."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, Table

from controlplane.store.columns import Moment, Words
from controlplane.store.tables.shape import key, metadata, needed

backend_sets = Table(
    "backend_sets",
    metadata,
    key("workspace_id", ForeignKey("workspaces.id")),
    key("user_id"),
    needed("mode", Words),  # empty: no backends
    needed("etag", Words),
    needed("updated_at", Moment),
    needed("backends", LargeBinary),
)
