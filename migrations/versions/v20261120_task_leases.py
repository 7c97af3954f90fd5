"""Which replica runs a periodic task, full synchronisations, slots that deviate, and what retention needs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261120_task_leases"
down_revision = "20261120_upgrades"

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

APPLIED_REVISIONS = """
UPDATE slot_states SET applied_revision = coalesce((
    SELECT configurations.revision FROM configurations
    JOIN dataplanes ON dataplanes.workspace_id = configurations.workspace_id
    WHERE dataplanes.id = slot_states.dataplane_id
      AND slot_states.slot = 'config/' || configurations.user_id
      AND configurations.version = slot_states.applied_version
), 0)
"""


def upgrade() -> None:
    """Columns get a default, since replicas of the release before go on writing rows without them."""
    _create_task_leases()
    _create_full_syncs()
    _extend_dataplanes()
    _index_history()


def _create_task_leases() -> None:
    op.create_table(
        "task_leases",
        sa.Column("task", WORDS, nullable=False),
        sa.Column("holder", WORDS, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("task", name="task_leases_key"),
    )


def _create_full_syncs() -> None:
    op.create_table(
        "full_syncs",
        sa.Column("workspace_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("holder", WORDS, nullable=False),
        sa.Column("lease_expires_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("position", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="full_syncs_workspace_id_exists"),
        sa.PrimaryKeyConstraint("workspace_id", name="full_syncs_key"),
    )
    op.create_table(
        "full_sync_steps",
        sa.Column("full_sync_id", WORDS, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("full_sync_id", "number", name="full_sync_steps_key"),
    )
    op.create_index("full_sync_steps_by_age", "full_sync_steps", ["created_at"])


def _extend_dataplanes() -> None:
    for column in ("wanted_revision", "lost_ledger_boot"):
        op.add_column("dataplanes", sa.Column(column, sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    for column in ("applied_revision", "rejected_with"):
        op.add_column("slot_states", sa.Column(column, sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("slot_states", sa.Column("given_up", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(APPLIED_REVISIONS)
    _partial_index(
        "slot_states_deviating", "slot_states", ["dataplane_id", "slot"], "rejected_version > applied_version"
    )


def _index_history() -> None:
    op.create_index(
        "configurations_outdated",
        "configurations",
        ["created_at"],
        sqlite_where=sa.text("newest = 0"),
        postgresql_where=sa.text("NOT newest"),
    )
    _partial_index("events_applied", "events", ["dataplane_id", "slot", "id"], "status = 'applied'")
    _partial_index("events_finished", "events", ["completed_at"], "status NOT IN ('pending', 'acknowledged')")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
