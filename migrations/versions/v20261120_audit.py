"""The audit, one hash chain a tenant, and which management keys are the platform's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261120_audit"
down_revision = "20261120_first_light"

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """The column gets a default, since replicas of the release before go on writing rows without it."""
    op.create_table(
        "audit_records",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        *(
            sa.Column(name, WORDS, nullable=False)
            for name in ("actor", "action", "workspace_id", "subject", "origin", "details", "hash")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name="audit_records_key"),
    )
    op.create_index("audit_records_of_workspace", "audit_records", ["tenant_id", "workspace_id", "sequence"])
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="audit_heads_key"),
    )
    op.add_column("management_keys", sa.Column("platform", sa.Boolean(), nullable=False, server_default=sa.false()))
