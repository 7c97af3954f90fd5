"""The audit: one hash chain a tenant."""

from __future__ import annotations

revision = "20261120_audit"
down_revision = "20261120_first_light"


def upgrade() -> None:
    """Nothing yet."""
