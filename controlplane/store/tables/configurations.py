"""Versions of delivered documents, and values with a slot of their own."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    UniqueConstraint,
    literal_column,
    text,
)

from controlplane.domain.configurations import ConfigurationState
from controlplane.store.columns import Choice, Moment, Strings, Words
from controlplane.store.tables.shape import key, metadata, needed, only

configurations = Table(
    "configurations",
    metadata,
    key("workspace_id", ForeignKey("workspaces.id")),
    key("user_id"),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    needed("revision", BigInteger),
    needed("digest", Words),
    needed("state", Choice(ConfigurationState)),
    needed("newest", Boolean),
    needed("secret_refs", Strings),
    needed("reason", Words),
    needed("created_at", Moment),
    needed("document", LargeBinary),  # last, so that SQLite reads the rest without walking through it
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
Index(
    "configurations_outdated",
    configurations.c.created_at,
    sqlite_where=text("newest = 0"),
    postgresql_where=text("NOT newest"),
)
only("configurations_one_active", configurations.c.workspace_id, configurations.c.user_id, where=ACTIVE, unique=True)

slot_values = Table(
    "slot_values",
    metadata,
    key("workspace_id", ForeignKey("workspaces.id")),
    key("dataplane_id"),  # empty: a value of all of them
    key("slot"),
    needed("version", BigInteger),
    needed("revision", BigInteger),
    needed("digest", Words),
    needed("tombstone", Boolean),
    needed("value", LargeBinary),
    Index("slot_values_by_revision", "workspace_id", "revision"),
)
