"""Upgrades of data planes, with their credentials as only the data plane can open them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, UniqueConstraint

from controlplane.domain.upgrades import UpgradePhase
from controlplane.store.columns import Choice, Moment, Words
from controlplane.store.tables.shape import key, metadata, needed

upgrades = Table(
    "upgrades",
    metadata,
    key("event_id"),
    needed("workspace_id", Words, ForeignKey("workspaces.id")),
    needed("dataplane_id", Words, ForeignKey("dataplanes.id")),
    needed("number", BigInteger),
    needed("phase", Choice(UpgradePhase)),
    needed("target_version", Words),
    needed("registry", Words),
    needed("username", Words),
    needed("sealed", LargeBinary),
    Column("expires_at", Moment),
    needed("error", Words),
    needed("created_at", Moment),
    needed("updated_at", Moment),
    UniqueConstraint("dataplane_id", "number", name="upgrades_number_of_dataplane"),
    Index("upgrades_by_expiry", "expires_at"),
)
