"""Starts: libraries that this very start has no use for are not loaded, and one may be cut short."""

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


def test_ctrl_c_while_the_control_plane_still_loads_is_no_stack_trace() -> None:
    program = (
        "import runpy, sys\n"
        "class Impatient:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'controlplane.cli': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Impatient())\n"
        "runpy.run_module('controlplane', run_name='__main__')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (130, "")
