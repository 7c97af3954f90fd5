"""Which commands there are, and where each is: what a command needs is loaded when it is called, not to list it."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

PASS_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True}

Found = tuple[str | None, Any, list[str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One word after `agentrouter`: a function or a group of commands, `module:name` in `agentrouter_cli.commands`.

    `summary` is the first sentence of its help. A group has its `example` itself.
    """

    place: str
    summary: str
    example: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


TABLE: Final = {
    "run": Entry(
        "run:run",
        "Run the whole product in the foreground until Ctrl-C.",
        "agentrouter run --port-offset 100 --home ./agentrouter-home",
    ),
    "serve": Entry(
        "processes:serve",
        "Run the control plane in the foreground; settings come from AGENTROUTER_* variables.",
        "agentrouter serve",
        PASS_ON,
    ),
    "apply": Entry(
        "apply:apply",
        "Put documents and wait until every data plane proved them.",
        "agentrouter apply -f workspace.yaml --reason 'cheaper default model'",
    ),
    "get": Entry("get:app", "Show documents, configurations, data planes, events, keys."),
    "diff": Entry(
        "diff:diff",
        "Show what `apply` would change in the stored source documents; nothing is stored.",
        "agentrouter diff -f workspace.yaml --exit-code",
    ),
    "history": Entry(
        "history:history",
        "Show the versions of a source document, newest first: who, when, why, and the configuration made of it.",
        "agentrouter history --user ada@example.com",
    ),
    "rollback": Entry(
        "history:rollback",
        "Put an earlier version of a source document again, as a new version, with all that `apply` checks.",
        "agentrouter rollback --to 12 --reason 'worse answers' --dry-run",
    ),
    "delete": Entry("delete:app", "Remove the document of a consumer."),
    "validate": Entry(
        "check:validate",
        "Check documents against the contract, offline; every fault is listed with its place and its way out.",
        "agentrouter validate -f workspace.yaml --output json",
    ),
    "schema": Entry(
        "schema:schema",
        "Print the JSON Schema of the workspace document, or of a consumer's.",
        "agentrouter schema --output workspace.schema.json",
    ),
    "migrate": Entry(
        "migrate:migrate_file",
        "Turn an older file, or LiteLLM's config.yaml, into a document of contract v0.3.",
        "agentrouter migrate -f old.yaml --check",
    ),
    "trigger": Entry(
        "trigger:trigger",
        "Compile the configuration anew and announce it to the data planes when it differs.",
        "agentrouter trigger --user alice --reason 'new limits' --force",
    ),
    "events": Entry("events:app", "Show events: those that need processing, oldest first, or all of them."),
    "reconcile": Entry(
        "slots:reconcile",
        "Compare what every data plane should have with what it proved, and send again what it lacks.",
        "agentrouter reconcile --dry-run",
    ),
    "full-sync": Entry(
        "slots:full_sync",
        "Compile every configuration anew, compare every slot and send every data plane everything: the last resort.",
        "agentrouter full-sync",
    ),
    "keys": Entry("keys:app", "Make, list and revoke keys."),
    "backends": Entry("backends:app", "Save, list and delete the backends that consumers bring themselves."),
    "dataplanes": Entry("dataplanes:app", "List data planes, let another join, revoke one."),
    "upgrade": Entry("upgrade:app", "Upgrade data planes: submit, cancel, rollback, status."),
    "providers": Entry(
        "gateways:providers",
        "List the providers that the workspace uses, never their credentials.",
        "agentrouter providers",
    ),
    "mcp": Entry("gateways:mcp_app", "The catalogue of MCP servers."),
    "audit": Entry("audit:app", "Show the audit and verify its hash chain; needs the role admin."),
    "backup": Entry(
        "processes:backup",
        "Save the whole database into one new file, also while the control plane runs: backup FILE.",
        "agentrouter backup today.backup",
        PASS_ON,
    ),
    "restore": Entry(
        "processes:restore",
        "Put a backup into an empty database, in a new epoch: restore FILE, or restore FILE --replace.",
        "agentrouter restore today.backup",
        PASS_ON,
    ),
    "admin": Entry("tenants:admin_app", "What is done on the control plane's own machine or with a platform key."),
}


class Commands(TyperGroup):
    """The group of all commands: lists them by the table, loads the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        listed = {name: TyperCommand(name, help=entry.summary) for name, entry in TABLE.items()}
        self.commands = {**listed, **self.commands}

    def resolve_command(self, ctx: Any, args: list[str]) -> Found:
        """The command that the first word names, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name in TABLE else command, rest


@cache
def loaded(name: str) -> Any:
    """The command of that name, ready to be called."""
    entry = TABLE[name]
    module, _, attribute = entry.place.partition(":")
    found = getattr(_imported(f"agentrouter_cli.commands.{module}"), attribute)
    above = typer.Typer(add_completion=False)
    if isinstance(found, typer.Typer):
        above.add_typer(found, name=name)
    else:
        above.command(name, epilog=f"Example: {entry.example}", context_settings=dict(entry.settings))(found)
    return typer.main.get_group(above).commands[name]


def _imported(module: str) -> Any:
    """Nothing that a module makes while it is loaded is garbage: looking for some takes a tenth of the time."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.enable()
