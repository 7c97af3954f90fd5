"""Every version of a source document, who put it and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261120_document_versions"
down_revision = "20261120_task_leases"

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

FIRST_VERSIONS = """
INSERT INTO document_versions (
    workspace_id, user_id, version, etag, author, reason, configuration_version, restored_version, created_at, content
)
SELECT workspace_id, user_id, version, etag, '', '', coalesce((
    SELECT max(configurations.version) FROM configurations
    WHERE configurations.workspace_id = source_documents.workspace_id
      AND configurations.user_id = source_documents.user_id
), 0), 0, updated_at, content FROM source_documents
"""


def upgrade() -> None:
    """What is stored now is each document's first version; nobody knows any more who put it."""
    op.create_table(
        "document_versions",
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("etag", WORDS, nullable=False),
        sa.Column("author", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("configuration_version", sa.BigInteger(), nullable=False),
        sa.Column("restored_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="document_versions_workspace_id_exists"),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", "version", name="document_versions_key"),
    )
    op.create_index("document_versions_by_age", "document_versions", ["created_at"])
    version = sa.Column("version", sa.BigInteger(), nullable=False, server_default=sa.text("1"))
    op.add_column("source_documents", version)
    op.execute(FIRST_VERSIONS)
