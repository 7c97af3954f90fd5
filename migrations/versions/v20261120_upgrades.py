"""Upgrades of data planes and their sealed credentials."""

from __future__ import annotations

revision = "20261120_upgrades"
down_revision = "20261120_gateway_values"


def upgrade() -> None:
    """Nothing yet."""
