"""What a start does not wait for: libraries that this very start has no use for are not loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.source_code import ROOT

NEVER_ASKED = {
    "liaison_agent.cli": {"contract.workspace_document", "grpc", "google.protobuf"},  # --help, a mistake in a setting
    "liaison_agent.bootstrap": {"aiohttp", "yaml"},  # documents reach it as JSON
    "controlplane.cli": {"psycopg", "yaml", "websockets"},  # with SQLite; YAML when somebody sends some
    "agentrouter_cli.commands.run": {"aiohttp", "pydantic", "connectrpc", "yaml"},  # the children are started first
}


@pytest.mark.parametrize("module", NEVER_ASKED)
def test_a_start_loads_nothing_that_it_has_no_use_for(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert not NEVER_ASKED[module] & set(loaded.stdout.split())
