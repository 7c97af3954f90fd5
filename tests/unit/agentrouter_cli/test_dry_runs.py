"""`--dry-run`: every command that has it asks for a dry run, and says in the same words that nothing was changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentrouter_cli.command_table import TABLE, loaded
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call

CALLS = {
    "apply": ("apply", "-f", "document.yaml"),
    "rollback": ("rollback",),
    "trigger": ("trigger", "--force"),
    "reconcile": ("reconcile",),
    "full-sync": ("full-sync",),
    "events replay": ("events", "replay", "evt_1"),
    "events metadata": ("events", "metadata", "evt_1", "-f", "ticket.yaml"),
    "keys management create": ("keys", "management", "create", "ci"),
    "keys management revoke": ("keys", "management", "revoke", "mk_1"),
    "keys consumer issue": ("keys", "consumer", "issue", "alice"),
    "keys consumer revoke": ("keys", "consumer", "revoke", "ck_1"),
    "keys gatekeeper rotate": ("keys", "gatekeeper", "rotate"),
    "keys gatekeeper retire": ("keys", "gatekeeper", "retire", "gk_1"),
    "backends save": ("backends", "save", "alice", "-f", "backends.yaml"),
    "backends delete": ("backends", "delete", "alice", "--all"),
    "dataplanes set-url": ("dataplanes", "set-url", "https://llm.example.com"),
    "dataplanes join-token": ("dataplanes", "join-token"),
    "dataplanes join-tokens revoke": ("dataplanes", "join-tokens", "revoke", "jt_1"),
    "dataplanes revoke": ("dataplanes", "revoke", "dp_1"),
    "upgrade submit": ("upgrade", "submit", "1.2.0", "--registry", "registry.example.com"),
    "upgrade cancel": ("upgrade", "cancel"),
    "upgrade rollback": ("upgrade", "rollback"),
    "mcp upsert": ("mcp", "upsert", "files", "--url", "https://mcp.example.com"),
    "delete document": ("delete", "document", "--user", "alice"),
    "admin create-tenant": ("admin", "create-tenant", "acme"),
}
FILES = {
    "document.yaml": """
version: v0.3
listeners: [{name: public, address: 127.0.0.1, port: 8899}]
providers: {models: [{name: m, backend_refs: [{base_url: "https://llm.example.com/v1"}]}]}
routing: {modelCards: [{name: m}]}
""",
    "ticket.yaml": "ticket: T-1\n",
    "backends.yaml": "mode: PREFERRED\nbackends: [{name: mine, provider: openai}]\n",
}


def with_dry_run(command: Any, words: str) -> Iterator[str]:
    """The commands below this one that have the option."""
    for name, each in getattr(command, "commands", {}).items():
        yield from with_dry_run(each, f"{words} {name}")
    if any("--dry-run" in option.opts for option in command.params):
        yield words


def test_every_command_with_the_option_is_tried_here() -> None:
    found = {words for name in TABLE for words in with_dry_run(loaded(name), name)}

    assert found == CALLS.keys()


@pytest.mark.parametrize("words", CALLS)
def test_a_dry_run_is_asked_for_and_told(
    product: FakeProduct, cli: Call, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGENTROUTER_REGISTRY_SECRET", "s3cret")
    for name, content in FILES.items():
        Path(name).write_text(content)

    outcome = cli(*CALLS[words], "--dry-run")

    assert outcome.exit_code == 0, outcome.err
    asked: Any
    (asked,) = [each for each in product.asked if "validate_only" in type(each).DESCRIPTOR.fields_by_name]
    assert asked.validate_only
    assert "dry run, nothing was changed" in outcome.out.splitlines()[-1]
    assert "only time" not in outcome.out


@pytest.mark.parametrize("words", ["dataplanes revoke", "upgrade submit", "keys gatekeeper rotate"])
def test_as_json_a_dry_run_is_the_answer_alone(
    product: FakeProduct, cli: Call, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTROUTER_REGISTRY_SECRET", "s3cret")

    assert isinstance(json.loads(cli(*CALLS[words], "--dry-run", "-o", "json").out), dict)
