"""What the library offers is there, and costs nothing before it is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import contract

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", contract.__all__)
def test_every_public_name_is_found(name: str) -> None:
    assert getattr(contract, name) is not None


def test_what_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = contract.no_such_name  # type: ignore[attr-defined]


def test_reading_a_text_and_a_fault_load_no_model_of_a_document() -> None:
    program = (
        "import sys; from contract import Fault, expand_environment, parse_text; parse_text('a: 1'); "
        "sys.exit('contract.workspace_document' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_the_command_line_starts_without_the_models_of_documents() -> None:
    program = "import sys, agentrouter_cli.main; sys.exit('contract.workspace_document' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
