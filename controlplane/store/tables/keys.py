"""Management keys and records of consumer keys."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from controlplane.store.columns import Moment, Strings, Words
from controlplane.store.tables.shape import key, metadata, needed

management_keys = Table(
    "management_keys",
    metadata,
    key("id"),
    needed("tenant_id", Words, ForeignKey("tenants.id")),
    needed("workspace_ids", Strings),
    needed("role", Integer),
    needed("name", Words),
    needed("token_hash", Words),
    needed("last_four", Words),
    needed("created_at", Moment),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    needed("platform", Boolean),
    UniqueConstraint("token_hash", name="management_keys_hash_taken"),
    Index("management_keys_of_tenant", "tenant_id", "id"),
)

consumer_keys = Table(
    "consumer_keys",
    metadata,
    key("jti"),
    needed("workspace_id", Words, ForeignKey("workspaces.id")),
    needed("consumer_id", Words),
    needed("name", Words),
    needed("created_at", Moment),
    needed("expires_at", Moment),
    Index("consumer_keys_of_workspace", "workspace_id", "jti"),
    Index("consumer_keys_of_consumer", "workspace_id", "consumer_id", "jti"),
)
