"""Returns to the last known good, kept of a slot; who made a join token, and when it was revoked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261120_agent_reports"
down_revision = "20261120_document_versions"

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
DEVIATING = sa.text("rejected_version > applied_version OR reverted IS NOT NULL")


def upgrade() -> None:
    """Replicas of the release before go on writing rows without the new columns: nothing was taken back in them."""
    op.add_column("slot_states", sa.Column("reverted", WORDS, nullable=True))
    op.drop_index("slot_states_deviating", "slot_states")
    op.create_index(
        "slot_states_deviating",
        "slot_states",
        ["dataplane_id", "slot"],
        sqlite_where=DEVIATING,
        postgresql_where=DEVIATING,
    )
    op.add_column("join_tokens", sa.Column("created_by", WORDS, nullable=False, server_default=sa.text("''")))
    op.add_column("join_tokens", sa.Column("revoked_at", MOMENT, nullable=True))
