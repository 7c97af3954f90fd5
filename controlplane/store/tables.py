"""The schema: one table a noun, every rule that the database itself can hold, an index for every question of the port.

Migrations create it (migrations/versions); a test compares the two. Partial indexes are used only by a query that
repeats their condition word for word, hence the conditions at the end of their tables, built from literals.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    literal_column,
    text,
)

from controlplane.domain.configurations import ConfigurationState
from controlplane.domain.events import EventStatus, EventType
from controlplane.store.columns import Choice, Moment, Strings, Words

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_exists",
    }
)


def _needed(name: str, kind: Any, *more: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, *more, nullable=False, **options)


def _key(name: str, *more: Any) -> Column[Any]:
    return Column(name, Words, *more, primary_key=True)


def _only(index: str, *columns: Any, where: ColumnElement[bool], unique: bool = False) -> Index:
    return Index(index, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


store_state = Table(
    "store_state",
    metadata,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    _needed("epoch", Words),
    Column("latest_time", Moment),
)

tenants = Table(
    "tenants",
    metadata,
    _key("id"),
    _needed("name", Words),
    _needed("created_at", Moment),
    UniqueConstraint("name", name="tenants_name_taken"),
)

workspaces = Table(
    "workspaces",
    metadata,
    _key("id"),
    _needed("tenant_id", Words, ForeignKey("tenants.id")),
    _needed("name", Words),
    _needed("revision", BigInteger),
    _needed("event_cursor", BigInteger),
    _needed("created_at", Moment),
    UniqueConstraint("tenant_id", "name", name="workspaces_name_taken"),
    Index("workspaces_of_tenant", "tenant_id", "id"),
)

configurations = Table(
    "configurations",
    metadata,
    _key("workspace_id", ForeignKey("workspaces.id")),
    _key("user_id"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    _needed("revision", BigInteger),
    _needed("digest", Words),
    _needed("state", Choice(ConfigurationState)),
    _needed("newest", Boolean),
    _needed("secret_refs", Strings),
    _needed("reason", Words),
    _needed("created_at", Moment),
    _needed("document", LargeBinary),  # last, so that SQLite reads the rest without walking through it
    UniqueConstraint("workspace_id", "revision", name="configurations_revision_taken"),
    # ≤ some revision, the newest: never more than one step into a user's history
    Index("configurations_by_user_revision", "workspace_id", "user_id", "revision", "version"),
)
NEWEST = configurations.c.newest
ACTIVE: ColumnElement[bool] = configurations.c.state == literal_column("'active'")
for _index, _last, _unique in (("one_newest", "user_id", True), ("newest_by_revision", "revision", False)):
    Index(
        f"configurations_{_index}",
        configurations.c.workspace_id,
        configurations.c[_last],
        unique=_unique,
        sqlite_where=text("newest = 1"),
        postgresql_where=text("newest"),
    )
_only("configurations_one_active", configurations.c.workspace_id, configurations.c.user_id, where=ACTIVE, unique=True)

slot_values = Table(
    "slot_values",
    metadata,
    _key("workspace_id", ForeignKey("workspaces.id")),
    _key("slot"),
    _needed("version", BigInteger),
    _needed("revision", BigInteger),
    _needed("digest", Words),
    _needed("tombstone", Boolean),
    _needed("value", LargeBinary),
    Index("slot_values_by_revision", "workspace_id", "revision"),
)

source_documents = Table(
    "source_documents",
    metadata,
    _key("workspace_id", ForeignKey("workspaces.id")),
    _key("user_id"),
    _needed("etag", Words),
    _needed("generation", BigInteger),
    _needed("updated_at", Moment),
    _needed("content", LargeBinary),
)

secrets = Table(
    "secrets",
    metadata,
    _key("workspace_id", ForeignKey("workspaces.id")),
    _key("name"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    _needed("origin", Words),
    _needed("mac", LargeBinary),
    _needed("sealed", LargeBinary),
    _needed("delivery_key_id", Words),
    _needed("delivered", LargeBinary),
    _needed("created_at", Moment),
)

delivery_keys = Table(
    "delivery_keys",
    metadata,
    _key("id"),
    _needed("workspace_id", Words, ForeignKey("workspaces.id")),
    _needed("sealed", LargeBinary),
    _needed("created_at", Moment),
    Index("delivery_keys_of_workspace", "workspace_id", "created_at", "id"),
)

gatekeeper_keys = Table(
    "gatekeeper_keys",
    metadata,
    _key("kid"),
    _needed("workspace_id", Words, ForeignKey("workspaces.id")),
    _needed("sealed_private", LargeBinary),
    _needed("public_jwk", LargeBinary),
    _needed("created_at", Moment),
    Index("gatekeeper_keys_of_workspace", "workspace_id", "created_at", "kid"),
)

dataplanes = Table(
    "dataplanes",
    metadata,
    _key("id"),
    _needed("workspace_id", Words, ForeignKey("workspaces.id")),
    _needed("group", Words),
    _needed("name", Words),
    _needed("signing_key", LargeBinary),
    _needed("sealing_key", LargeBinary),
    _needed("applied_revision", BigInteger),
    Column("boot_counter", BigInteger),
    Column("boot_nonce", Words),
    _needed("report", Words),
    _needed("created_at", Moment),
    Column("last_seen_at", Moment),
    Column("revoked_at", Moment),
    Index("dataplanes_of_workspace", "workspace_id", "id"),
)
UNREVOKED = dataplanes.c.revoked_at.is_(None)
_only("dataplanes_unrevoked", dataplanes.c.workspace_id, dataplanes.c.id, where=UNREVOKED)

sealed_delivery_keys = Table(
    "sealed_delivery_keys",
    metadata,
    _key("dataplane_id", ForeignKey("dataplanes.id")),
    _key("key_id"),
    _needed("sealed", LargeBinary),
)

join_tokens = Table(
    "join_tokens",
    metadata,
    _key("id"),
    _needed("workspace_id", Words, ForeignKey("workspaces.id")),
    _needed("group", Words),
    _needed("token_hash", Words),
    _needed("max_uses", BigInteger),
    _needed("uses", BigInteger),
    _needed("expires_at", Moment),
    _needed("created_at", Moment),
    UniqueConstraint("token_hash", name="join_tokens_hash_taken"),
)

slot_states = Table(
    "slot_states",
    metadata,
    _key("dataplane_id", ForeignKey("dataplanes.id")),
    _key("slot"),
    _needed("applied_version", BigInteger),
    _needed("applied_digest", Words),
    Column("applied_at", Moment),
    _needed("proof", LargeBinary),
    _needed("rejected_version", BigInteger),
    _needed("rejected_reason", Words),
)

events = Table(
    "events",
    metadata,
    _key("id"),
    _needed("workspace_id", Words),  # the data plane's; its own reference would only cost a lock an event
    _needed("dataplane_id", Words, ForeignKey("dataplanes.id")),
    _needed("type", Choice(EventType)),
    _needed("slot", Words),
    _needed("user_id", Words),
    _needed("configuration_version", BigInteger),
    _needed("status", Choice(EventStatus)),
    _needed("cursor", BigInteger),
    _needed("created_at", Moment),
    _needed("etag", Words),
    _needed("attempt", BigInteger),
    _needed("fencing_token", BigInteger),
    Column("holder_counter", BigInteger),
    Column("holder_nonce", Words),
    Column("lease_expires_at", Moment),
    Column("not_before", Moment),
    Column("acknowledged_at", Moment),
    Column("completed_at", Moment),
    _needed("completed_version", BigInteger),
    _needed("completed_digest", Words),
    _needed("error", Words),
    _needed("superseded_by", Words),
    _needed("payload", LargeBinary),
    _needed("metadata", LargeBinary),
    _needed("proof", LargeBinary),
    Index("events_of_workspace", "workspace_id", "id"),
    Index("events_of_dataplane", "dataplane_id", "id"),
)
PENDING: ColumnElement[bool] = events.c.status == literal_column("'pending'")
ACKNOWLEDGED: ColumnElement[bool] = events.c.status == literal_column("'acknowledged'")
LIVE = events.c.status.in_([literal_column("'pending'"), literal_column("'acknowledged'")])
WAITING = PENDING & events.c.not_before.is_not(None)
_only("events_one_pending", events.c.dataplane_id, events.c.slot, where=PENDING, unique=True)
_only("events_one_acknowledged", events.c.dataplane_id, events.c.slot, where=ACKNOWLEDGED, unique=True)
_only("events_pending_by_cursor", events.c.workspace_id, events.c.cursor, where=PENDING)
_only("events_pending_in_slot", events.c.workspace_id, events.c.slot, where=PENDING)
_only("events_waiting", events.c.not_before, where=WAITING)
_only("events_leased", events.c.lease_expires_at, where=ACKNOWLEDGED)
_only("events_live_in_workspace", events.c.workspace_id, events.c.id, where=LIVE)
_only("events_live_in_dataplane", events.c.dataplane_id, events.c.slot, events.c.id, where=LIVE)

management_keys = Table(
    "management_keys",
    metadata,
    _key("id"),
    _needed("tenant_id", Words, ForeignKey("tenants.id")),
    _needed("workspace_ids", Strings),
    _needed("role", Integer),
    _needed("name", Words),
    _needed("token_hash", Words),
    _needed("last_four", Words),
    _needed("created_at", Moment),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    UniqueConstraint("token_hash", name="management_keys_hash_taken"),
    Index("management_keys_of_tenant", "tenant_id", "id"),
)

consumer_keys = Table(
    "consumer_keys",
    metadata,
    _key("jti"),
    _needed("workspace_id", Words, ForeignKey("workspaces.id")),
    _needed("consumer_id", Words),
    _needed("name", Words),
    _needed("created_at", Moment),
    _needed("expires_at", Moment),
    Index("consumer_keys_of_workspace", "workspace_id", "jti"),
    Index("consumer_keys_of_consumer", "workspace_id", "consumer_id", "jti"),
)

answers = Table(
    "answers",
    metadata,
    _key("caller"),
    _key("method"),
    _key("request_id"),
    _needed("body_mac", LargeBinary),
    _needed("expires_at", Moment),
    _needed("answer", LargeBinary),
    Index("answers_by_expiry", "expires_at"),
)
