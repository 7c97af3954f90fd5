"""Consumers' own backends."""

from __future__ import annotations

revision = "20261120_backends"
down_revision = "20261120_audit"


def upgrade() -> None:
    """Nothing yet."""
