"""Data planes, their join tokens, their sealed delivery keys and what each made of its slots."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, UniqueConstraint

from controlplane.store.columns import Moment, Words
from controlplane.store.tables.shape import key, metadata, needed, only

dataplanes = Table(
    "dataplanes",
    metadata,
    key("id"),
    needed("workspace_id", Words, ForeignKey("workspaces.id")),
    needed("group", Words),
    needed("name", Words),
    needed("signing_key", LargeBinary),
    needed("sealing_key", LargeBinary),
    needed("applied_revision", BigInteger),
    Column("boot_counter", BigInteger),
    Column("boot_nonce", Words),
    needed("report", Words),
    needed("created_at", Moment),
    Column("last_seen_at", Moment),
    Column("revoked_at", Moment),
    Column("retired_at", Moment),
    needed("wanted_revision", BigInteger),
    needed("lost_ledger_boot", BigInteger),
    Index("dataplanes_of_workspace", "workspace_id", "id"),
)
UNREVOKED = dataplanes.c.revoked_at.is_(None)
only("dataplanes_unrevoked", dataplanes.c.workspace_id, dataplanes.c.id, where=UNREVOKED)

sealed_delivery_keys = Table(
    "sealed_delivery_keys",
    metadata,
    key("dataplane_id", ForeignKey("dataplanes.id")),
    key("key_id"),
    needed("sealed", LargeBinary),
)

join_tokens = Table(
    "join_tokens",
    metadata,
    key("id"),
    needed("workspace_id", Words, ForeignKey("workspaces.id")),
    needed("group", Words),
    needed("token_hash", Words),
    needed("max_uses", BigInteger),
    needed("uses", BigInteger),
    needed("expires_at", Moment),
    needed("created_at", Moment),
    needed("created_by", Words),
    Column("revoked_at", Moment),
    UniqueConstraint("token_hash", name="join_tokens_hash_taken"),
)

slot_states = Table(
    "slot_states",
    metadata,
    key("dataplane_id", ForeignKey("dataplanes.id")),
    key("slot"),
    needed("applied_version", BigInteger),
    needed("applied_digest", Words),
    Column("applied_at", Moment),
    needed("proof", LargeBinary),
    needed("rejected_version", BigInteger),
    needed("rejected_reason", Words),
    needed("applied_revision", BigInteger),
    needed("rejected_with", BigInteger),
    needed("given_up", Boolean),
    Column("reverted", Words),
)
DEVIATING = (slot_states.c.rejected_version > slot_states.c.applied_version) | slot_states.c.reverted.is_not(None)
only("slot_states_deviating", slot_states.c.dataplane_id, slot_states.c.slot, where=DEVIATING)
