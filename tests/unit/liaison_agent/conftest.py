"""What the agent's unit tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.agents import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A control plane, a host and the agent's lives."""
    return World(tmp_path)
