"""First light: tenants and workspaces, documents and configurations, data planes and events, secrets and keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "20261120_first_light"
down_revision = None

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Create everything, and the identity of this store's history."""
    _create_state()
    _create_tenants()
    _create_documents()
    _create_configurations()
    _create_secrets()
    _create_dataplanes()
    _create_events()
    _create_keys()


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    on_sqlite = "newest = 1" if where == "newest" else where  # no type of its own for truth there
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=sa.text(on_sqlite), postgresql_where=sa.text(where)
    )


def _create_state() -> None:
    op.create_table(
        "store_state",
        sa.Column("only_row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", WORDS, nullable=False),
        sa.Column("latest_time", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("only_row", name="store_state_key"),
    )
    state = sa.table("store_state", sa.column("only_row", sa.Integer), sa.column("epoch", sa.Text))
    op.execute(state.insert().values(only_row=1, epoch=context.config.attributes["epoch"]))
    op.create_table(
        "answers",
        sa.Column("caller", WORDS, nullable=False),
        sa.Column("method", WORDS, nullable=False),
        sa.Column("request_id", WORDS, nullable=False),
        sa.Column("body_mac", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "method", "request_id", name="answers_key"),
    )
    op.create_index("answers_by_expiry", "answers", ["expires_at"])


def _create_tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="tenants_key"),
        sa.UniqueConstraint("name", name="tenants_name_taken"),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("event_cursor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="workspaces_tenant_id_exists"),
        sa.PrimaryKeyConstraint("id", name="workspaces_key"),
        sa.UniqueConstraint("tenant_id", "name", name="workspaces_name_taken"),
    )
    op.create_index("workspaces_of_tenant", "workspaces", ["tenant_id", "id"])


def _create_keys() -> None:
    op.create_table(
        "management_keys",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("workspace_ids", sa.Text(), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("token_hash", WORDS, nullable=False),
        sa.Column("last_four", WORDS, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="management_keys_tenant_id_exists"),
        sa.PrimaryKeyConstraint("id", name="management_keys_key"),
        sa.UniqueConstraint("token_hash", name="management_keys_hash_taken"),
    )
    op.create_index("management_keys_of_tenant", "management_keys", ["tenant_id", "id"])
    op.create_table(
        "consumer_keys",
        sa.Column("jti", WORDS, nullable=False),
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("consumer_id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="consumer_keys_workspace_id_exists"),
        sa.PrimaryKeyConstraint("jti", name="consumer_keys_key"),
    )
    op.create_index("consumer_keys_of_consumer", "consumer_keys", ["workspace_id", "consumer_id", "jti"])
    op.create_index("consumer_keys_of_workspace", "consumer_keys", ["workspace_id", "jti"])


def _create_documents() -> None:
    op.create_table(
        "source_documents",
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("etag", WORDS, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="source_documents_workspace_id_exists"),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name="source_documents_key"),
    )
    op.create_table(
        "slot_values",
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("slot", WORDS, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("tombstone", sa.Boolean(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="slot_values_workspace_id_exists"),
        sa.PrimaryKeyConstraint("workspace_id", "slot", name="slot_values_key"),
    )
    op.create_index("slot_values_by_revision", "slot_values", ["workspace_id", "revision"])


def _create_configurations() -> None:
    op.create_table(
        "configurations",
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("secret_refs", sa.Text(), nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="configurations_workspace_id_exists"),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", "version", name="configurations_key"),
        sa.UniqueConstraint("workspace_id", "revision", name="configurations_revision_taken"),
    )
    by_user_revision = ["workspace_id", "user_id", "revision", "version"]
    op.create_index("configurations_by_user_revision", "configurations", by_user_revision)
    _partial_index("configurations_newest_by_revision", "configurations", ["workspace_id", "revision"], "newest")
    _partial_index(
        "configurations_one_active", "configurations", ["workspace_id", "user_id"], "state = 'active'", unique=True
    )
    _partial_index("configurations_one_newest", "configurations", ["workspace_id", "user_id"], "newest", unique=True)


def _create_secrets() -> None:
    op.create_table(
        "secrets",
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("origin", WORDS, nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("delivery_key_id", WORDS, nullable=False),
        sa.Column("delivered", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="secrets_workspace_id_exists"),
        sa.PrimaryKeyConstraint("workspace_id", "name", "version", name="secrets_key"),
    )
    op.create_table(
        "delivery_keys",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="delivery_keys_workspace_id_exists"),
        sa.PrimaryKeyConstraint("id", name="delivery_keys_key"),
    )
    op.create_index("delivery_keys_of_workspace", "delivery_keys", ["workspace_id", "created_at", "id"])
    op.create_table(
        "gatekeeper_keys",
        sa.Column("kid", WORDS, nullable=False),
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("sealed_private", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="gatekeeper_keys_workspace_id_exists"),
        sa.PrimaryKeyConstraint("kid", name="gatekeeper_keys_key"),
    )
    op.create_index("gatekeeper_keys_of_workspace", "gatekeeper_keys", ["workspace_id", "created_at", "kid"])


def _create_dataplanes() -> None:
    op.create_table(
        "dataplanes",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("group", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("signing_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealing_key", sa.LargeBinary(), nullable=False),
        sa.Column("applied_revision", sa.BigInteger(), nullable=False),
        sa.Column("boot_counter", sa.BigInteger(), nullable=True),
        sa.Column("boot_nonce", WORDS, nullable=True),
        sa.Column("report", WORDS, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="dataplanes_workspace_id_exists"),
        sa.PrimaryKeyConstraint("id", name="dataplanes_key"),
    )
    op.create_index("dataplanes_of_workspace", "dataplanes", ["workspace_id", "id"])
    _partial_index("dataplanes_unrevoked", "dataplanes", ["workspace_id", "id"], "revoked_at IS NULL")
    op.create_table(
        "sealed_delivery_keys",
        sa.Column("dataplane_id", WORDS, nullable=False),
        sa.Column("key_id", WORDS, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["dataplane_id"], ["dataplanes.id"], name="sealed_delivery_keys_dataplane_id_exists"),
        sa.PrimaryKeyConstraint("dataplane_id", "key_id", name="sealed_delivery_keys_key"),
    )
    op.create_table(
        "join_tokens",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("group", WORDS, nullable=False),
        sa.Column("token_hash", WORDS, nullable=False),
        sa.Column("max_uses", sa.BigInteger(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="join_tokens_workspace_id_exists"),
        sa.PrimaryKeyConstraint("id", name="join_tokens_key"),
        sa.UniqueConstraint("token_hash", name="join_tokens_hash_taken"),
    )
    op.create_table(
        "slot_states",
        sa.Column("dataplane_id", WORDS, nullable=False),
        sa.Column("slot", WORDS, nullable=False),
        sa.Column("applied_version", sa.BigInteger(), nullable=False),
        sa.Column("applied_digest", WORDS, nullable=False),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("rejected_version", sa.BigInteger(), nullable=False),
        sa.Column("rejected_reason", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["dataplane_id"], ["dataplanes.id"], name="slot_states_dataplane_id_exists"),
        sa.PrimaryKeyConstraint("dataplane_id", "slot", name="slot_states_key"),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("dataplane_id", WORDS, nullable=False),
        sa.Column("type", WORDS, nullable=False),
        sa.Column("slot", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("configuration_version", sa.BigInteger(), nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("etag", WORDS, nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("fencing_token", sa.BigInteger(), nullable=False),
        sa.Column("holder_counter", sa.BigInteger(), nullable=True),
        sa.Column("holder_nonce", WORDS, nullable=True),
        sa.Column("lease_expires_at", MOMENT, nullable=True),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.Column("completed_at", MOMENT, nullable=True),
        sa.Column("completed_version", sa.BigInteger(), nullable=False),
        sa.Column("completed_digest", WORDS, nullable=False),
        sa.Column("error", WORDS, nullable=False),
        sa.Column("superseded_by", WORDS, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("metadata", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["dataplane_id"], ["dataplanes.id"], name="events_dataplane_id_exists"),
        sa.PrimaryKeyConstraint("id", name="events_key"),
    )
    op.create_index("events_of_workspace", "events", ["workspace_id", "id"])
    op.create_index("events_of_dataplane", "events", ["dataplane_id", "id"])
    pending, acknowledged, live = (
        "status = 'pending'",
        "status = 'acknowledged'",
        "status IN ('pending', 'acknowledged')",
    )
    _partial_index("events_one_pending", "events", ["dataplane_id", "slot"], pending, unique=True)
    _partial_index("events_one_acknowledged", "events", ["dataplane_id", "slot"], acknowledged, unique=True)
    _partial_index("events_pending_by_cursor", "events", ["workspace_id", "cursor"], pending)
    _partial_index("events_pending_in_slot", "events", ["workspace_id", "slot"], pending)
    _partial_index("events_waiting", "events", ["not_before"], f"{pending} AND not_before IS NOT NULL")
    _partial_index("events_leased", "events", ["lease_expires_at"], acknowledged)
    _partial_index("events_live_in_workspace", "events", ["workspace_id", "id"], live)
    _partial_index("events_live_in_dataplane", "events", ["dataplane_id", "slot", "id"], live)
