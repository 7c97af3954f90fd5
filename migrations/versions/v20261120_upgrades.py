"""Upgrades of data planes and their sealed credentials."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261120_upgrades"
down_revision = "20261120_gateway_values"

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """One row an upgrade or roll-back."""
    op.create_table(
        "upgrades",
        sa.Column("event_id", WORDS, nullable=False),
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("dataplane_id", WORDS, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("phase", WORDS, nullable=False),
        sa.Column("target_version", WORDS, nullable=False),
        sa.Column("registry", WORDS, nullable=False),
        sa.Column("username", WORDS, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("error", WORDS, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="upgrades_workspace_id_exists"),
        sa.ForeignKeyConstraint(["dataplane_id"], ["dataplanes.id"], name="upgrades_dataplane_id_exists"),
        sa.PrimaryKeyConstraint("event_id", name="upgrades_key"),
        sa.UniqueConstraint("dataplane_id", "number", name="upgrades_number_of_dataplane"),
    )
    op.create_index("upgrades_by_expiry", "upgrades", ["expires_at"])
