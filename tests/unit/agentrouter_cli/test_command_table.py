"""The table of commands says what the commands say themselves, and listing them loads none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agentrouter_cli.command_table import TABLE, loaded
from tests.unit.agentrouter_cli.conftest import Call

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = """
version: v0.3
listeners: [{name: public, address: 127.0.0.1, port: 8899}]
providers: {models: [{name: m, backend_refs: [{base_url: "https://llm.example.com/v1"}]}]}
routing: {modelCards: [{name: m}]}
"""


@pytest.mark.parametrize("name", TABLE)
def test_the_summary_is_the_first_sentence_of_the_commands_own_help(name: str) -> None:
    first = loaded(name).help.split("\n\n")[0]

    assert " ".join(first.split()) == TABLE[name].summary


@pytest.mark.parametrize("name", TABLE)
def test_a_command_is_called_by_its_name(call: Call, name: str) -> None:
    outcome = call(name, "--help")

    assert f"Usage: agentrouter {name}" in outcome.out
    assert "--install-completion" not in outcome.out


def test_a_misspelt_command_is_told_the_right_one(call: Call) -> None:
    outcome = call("validat")

    assert outcome.exit_code == 2
    assert "'validate'" in outcome.err


def loads(folder: Path, *words: str) -> set[str]:
    """The modules that a call of `agentrouter` loads."""
    program = (
        "import atexit, sys; sys.argv = ['agentrouter', *sys.argv[1:]]; "
        "atexit.register(lambda: open('loaded', 'w').write(' '.join(sys.modules))); "
        "from agentrouter_cli.main import main; main()"
    )
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}", "AGENTROUTER_HOME": str(folder)}
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    return set((folder / "loaded").read_text().split())


def test_listing_the_commands_loads_none_of_them_and_nothing_that_they_need(tmp_path: Path) -> None:
    modules = loads(tmp_path, "--help")

    assert not modules & {"agentrouter_cli.client", "connectrpc", "google.protobuf", "yaml", "contract.reading"}
    assert not {name for name in modules if name.startswith("agentrouter_cli.commands")}


def test_a_document_is_checked_without_what_speaks_to_a_product_or_draws_tables(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(DOCUMENT)

    modules = loads(tmp_path, "validate", "-f", "good.yaml")

    assert "contract.reading" in modules
    assert not modules & {"connectrpc", "google.protobuf", "pyqwest", "rich.table", "aiohttp"}


def test_a_command_that_asks_the_product_loads_no_other_services_and_no_models_of_documents(tmp_path: Path) -> None:
    modules = loads(tmp_path, "events")

    assert not modules & {"contract.workspace_document", "aiohttp", "rich.table"}
    assert not {name for name in modules if name.endswith("_connect")}
