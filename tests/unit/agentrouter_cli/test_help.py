"""Every command explains itself, with an example."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer.main

from agentrouter_cli.main import app
from tests.unit.agentrouter_cli.conftest import Call


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command that does something."""
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("words", sorted(commands(typer.main.get_command(app))), ids=" ".join)
def test_a_command_has_help_with_an_example(call: Call, words: tuple[str, ...]) -> None:
    outcome = call(*words, "--help")

    assert outcome.exit_code == 0
    assert f"Example: agentrouter {' '.join(words)}" in " ".join(outcome.out.split())
