"""Which replica runs a periodic task, and what retention needs."""

from __future__ import annotations

revision = "20261120_task_leases"
down_revision = "20261120_upgrades"


def upgrade() -> None:
    """Nothing yet."""
