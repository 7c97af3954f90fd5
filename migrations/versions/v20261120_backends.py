"""Consumers' own backends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261120_backends"
down_revision = "20261120_audit"

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """One row a consumer that has any, or had."""
    op.create_table(
        "backend_sets",
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("mode", WORDS, nullable=False),
        sa.Column("etag", WORDS, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("backends", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="backend_sets_workspace_id_exists"),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name="backend_sets_key"),
    )
