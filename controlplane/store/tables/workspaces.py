"""Tenants and workspaces, and what the store keeps of itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, UniqueConstraint

from controlplane.store.columns import Moment, Words
from controlplane.store.tables.shape import key, metadata, needed

store_state = Table(
    "store_state",
    metadata,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    needed("epoch", Words),
    Column("latest_time", Moment),
)

tenants = Table(
    "tenants",
    metadata,
    key("id"),
    needed("name", Words),
    needed("created_at", Moment),
    UniqueConstraint("name", name="tenants_name_taken"),
)

workspaces = Table(
    "workspaces",
    metadata,
    key("id"),
    needed("tenant_id", Words, ForeignKey("tenants.id")),
    needed("name", Words),
    needed("revision", BigInteger),
    needed("event_cursor", BigInteger),
    needed("created_at", Moment),
    UniqueConstraint("tenant_id", "name", name="workspaces_name_taken"),
    Index("workspaces_of_tenant", "tenant_id", "id"),
)

answers = Table(
    "answers",
    metadata,
    key("caller"),
    key("method"),
    key("request_id"),
    needed("body_mac", LargeBinary),
    needed("expires_at", Moment),
    needed("answer", LargeBinary),
    Index("answers_by_expiry", "expires_at"),
)
