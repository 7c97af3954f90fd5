"""Values of one data plane, revocations, the MCP catalogue."""

from __future__ import annotations

revision = "20261120_gateway_values"
down_revision = "20261120_backends"


def upgrade() -> None:
    """Nothing yet."""
