"""Secrets, delivery keys and gatekeeper keys, all sealed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table

from controlplane.store.columns import Moment, Words
from controlplane.store.tables.shape import key, metadata, needed

secrets = Table(
    "secrets",
    metadata,
    key("workspace_id", ForeignKey("workspaces.id")),
    key("name"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    needed("origin", Words),
    needed("mac", LargeBinary),
    needed("sealed", LargeBinary),
    needed("delivery_key_id", Words),
    needed("delivered", LargeBinary),
    needed("created_at", Moment),
)

delivery_keys = Table(
    "delivery_keys",
    metadata,
    key("id"),
    needed("workspace_id", Words, ForeignKey("workspaces.id")),
    needed("sealed", LargeBinary),
    needed("created_at", Moment),
    Index("delivery_keys_of_workspace", "workspace_id", "created_at", "id"),
)

gatekeeper_keys = Table(
    "gatekeeper_keys",
    metadata,
    key("kid"),
    needed("workspace_id", Words, ForeignKey("workspaces.id")),
    needed("sealed_private", LargeBinary),
    needed("public_jwk", LargeBinary),
    needed("created_at", Moment),
    Column("retired_at", Moment),
    Index("gatekeeper_keys_of_workspace", "workspace_id", "created_at", "kid"),
)
