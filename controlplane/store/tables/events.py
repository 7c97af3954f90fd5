"""Events, with the rule that a slot has at most one of each live status."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ColumnElement, ForeignKey, Index, LargeBinary, Table, literal_column

from controlplane.domain.events import EventStatus, EventType
from controlplane.store.columns import Choice, Moment, Words
from controlplane.store.tables.shape import key, metadata, needed, only

events = Table(
    "events",
    metadata,
    key("id"),
    needed("workspace_id", Words),  # the data plane's; its own reference would only cost a lock an event
    needed("dataplane_id", Words, ForeignKey("dataplanes.id")),
    needed("type", Choice(EventType)),
    needed("slot", Words),
    needed("user_id", Words),
    needed("configuration_version", BigInteger),
    needed("status", Choice(EventStatus)),
    needed("cursor", BigInteger),
    needed("created_at", Moment),
    needed("etag", Words),
    needed("attempt", BigInteger),
    needed("fencing_token", BigInteger),
    Column("holder_counter", BigInteger),
    Column("holder_nonce", Words),
    Column("lease_expires_at", Moment),
    Column("not_before", Moment),
    Column("acknowledged_at", Moment),
    Column("completed_at", Moment),
    needed("completed_version", BigInteger),
    needed("completed_digest", Words),
    needed("error", Words),
    needed("superseded_by", Words),
    needed("payload", LargeBinary),
    needed("metadata", LargeBinary),
    needed("proof", LargeBinary),
    Index("events_of_workspace", "workspace_id", "id"),
    Index("events_of_dataplane", "dataplane_id", "id"),
)
PENDING: ColumnElement[bool] = events.c.status == literal_column("'pending'")
ACKNOWLEDGED: ColumnElement[bool] = events.c.status == literal_column("'acknowledged'")
LIVE = events.c.status.in_([literal_column("'pending'"), literal_column("'acknowledged'")])
WAITING = PENDING & events.c.not_before.is_not(None)
APPLIED: ColumnElement[bool] = events.c.status == literal_column("'applied'")
FINISHED = events.c.status.not_in([literal_column("'pending'"), literal_column("'acknowledged'")])
only("events_one_pending", events.c.dataplane_id, events.c.slot, where=PENDING, unique=True)
only("events_one_acknowledged", events.c.dataplane_id, events.c.slot, where=ACKNOWLEDGED, unique=True)
only("events_pending_by_cursor", events.c.workspace_id, events.c.cursor, where=PENDING)
only("events_pending_in_slot", events.c.workspace_id, events.c.slot, where=PENDING)
only("events_waiting", events.c.not_before, where=WAITING)
only("events_leased", events.c.lease_expires_at, where=ACKNOWLEDGED)
only("events_live_in_workspace", events.c.workspace_id, events.c.id, where=LIVE)
only("events_live_in_dataplane", events.c.dataplane_id, events.c.slot, events.c.id, where=LIVE)
only("events_applied", events.c.dataplane_id, events.c.slot, events.c.id, where=APPLIED)
only("events_finished", events.c.completed_at, where=FINISHED)
