"""Every command explains itself, with an example."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentrouter_cli.command_table import TABLE, loaded
from tests.unit.agentrouter_cli.conftest import Call


def words_of(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words of every command that does something."""
    if not hasattr(command, "commands"):
        yield path
        return
    for name, inner in command.commands.items():
        yield from words_of(inner, (*path, name))


COMMANDS = sorted(words for name in TABLE for words in words_of(loaded(name), (name,)))


@pytest.mark.parametrize("words", [*COMMANDS, ("version",)], ids=" ".join)
def test_a_command_has_help_with_an_example(call: Call, words: tuple[str, ...]) -> None:
    outcome = call(*words, "--help")

    assert outcome.exit_code == 0
    assert f"Example: agentrouter {' '.join(words)}" in " ".join(outcome.out.split())
