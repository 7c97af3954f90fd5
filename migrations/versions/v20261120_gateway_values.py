"""Values of one data plane, revocations, and keys and data planes that are retired."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261120_gateway_values"
down_revision = "20261120_backends"

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """No row is lost; the values of before are of every data plane."""
    _create_revocations()
    _give_values_a_dataplane()
    op.add_column("gatekeeper_keys", sa.Column("retired_at", MOMENT, nullable=True))
    op.add_column("dataplanes", sa.Column("retired_at", MOMENT, nullable=True))


def _create_revocations() -> None:
    op.create_table(
        "revocations",
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("jti", WORDS, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="revocations_workspace_id_exists"),
        sa.PrimaryKeyConstraint("workspace_id", "jti", name="revocations_key"),
    )
    op.create_index("revocations_by_revision", "revocations", ["workspace_id", "revision"])
    op.create_index("revocations_by_end", "revocations", ["expires_at"])


def _give_values_a_dataplane() -> None:
    """The primary key grows, which SQLite can only do to a new table; names are free once the old one is gone."""
    op.execute("CREATE TABLE slot_values_before AS SELECT * FROM slot_values")
    op.drop_table("slot_values")
    op.create_table(
        "slot_values",
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("dataplane_id", WORDS, nullable=False),
        sa.Column("slot", WORDS, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("tombstone", sa.Boolean(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="slot_values_workspace_id_exists"),
        sa.PrimaryKeyConstraint("workspace_id", "dataplane_id", "slot", name="slot_values_key"),
    )
    op.create_index("slot_values_by_revision", "slot_values", ["workspace_id", "revision"])
    op.execute(
        "INSERT INTO slot_values (workspace_id, dataplane_id, slot, version, revision, digest, tombstone, value) "
        "SELECT workspace_id, '', slot, version, revision, digest, tombstone, value FROM slot_values_before"
    )
    op.drop_table("slot_values_before")
