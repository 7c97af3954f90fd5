"""`migrate`: an older file, or LiteLLM's, becomes a document of the contract; what was done with it is listed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from agentrouter_cli.documents import STANDARD_INPUT, as_source_yaml, read_input
from agentrouter_cli.errors import Refused, WrongUsage
from agentrouter_cli.options import OutputOption
from agentrouter_cli.output import Output, fault_data, print_faults, print_json, print_table
from contract import ContractError, Fault, parse_text

if TYPE_CHECKING:
    from contract.migration import Migration, Note


STANDARD_OUTPUT: Final = "-"
_KINDS: Final = ("moved", "dropped", "undecided")


@dataclass(frozen=True, slots=True)
class Migrated:
    """A file and what became of it. Its text may hold credentials."""

    file: str
    source: str = field(repr=False)
    migration: Migration
    faults: tuple[Fault, ...]
    inline_credentials: tuple[str, ...]

    def text(self, target: str) -> str:
        """The document in the target's format; the very text of the file, with its comments, when nothing was to do."""
        if not self.migration.changed:
            return self.source
        if Path(target).suffix == ".json":
            return json.dumps(self.migration.document, indent=2, ensure_ascii=False) + "\n"
        return as_source_yaml(self.migration.document)

    def data(self, written_to: str) -> dict[str, Any]:
        """Plain data, without the document, which may hold credentials."""
        return {
            "file": self.file,
            "layout": self.migration.layout.value,
            "changed": self.migration.changed,
            "written_to": written_to,
            **{kind: _note_data(getattr(self.migration, kind)) for kind in _KINDS},
            "inline_credentials": list(self.inline_credentials),
            "faults": fault_data(self.faults),
        }


def migrate_file(
    file: Annotated[str, typer.Option("--file", "-f", help="The old YAML or JSON file, or - for standard input.")],
    to: Annotated[
        str,
        typer.Option("--to", help="Where to write, or - for standard output; default NAME.migrated.yaml beside it."),
    ] = "",
    stdout: Annotated[bool, typer.Option("--stdout", help="Write to standard output, as --to - does.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when there is something to migrate or a fault.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Turn an older file, or LiteLLM's config.yaml, into a document of contract v0.3.

    Lists what it moved, dropped and could not decide. References to environment variables stay as they are. Exit code
    0: the result is valid; 1: it has faults, which are listed, or the file is none that is known; 2: wrong usage.
    """
    target = _target(file, STANDARD_OUTPUT if stdout else to, force=force or check)
    if output is Output.JSON and target == STANDARD_OUTPUT and not check:
        raise WrongUsage("the report in JSON and the document both want standard output; give --to FILE or --check")
    migrated = _migrated(file)
    written_to = "" if check else _write(migrated, target, force=force)
    if output is Output.JSON:
        print_json(migrated.data(written_to))
    else:
        _report(migrated, written_to)
    if migrated.faults:
        raise Refused(_still_at_fault(migrated), code="DOCUMENT_INVALID")
    if check and migrated.migration.changed:
        raise Refused(f"{_name(file)} is not in the canonical layout yet", code="NOT_CANONICAL")


def _migrated(file: str) -> Migrated:
    from contract.migration import inline_secrets, migrate, remaining_faults  # heavy: no other command needs it

    raw = read_input(file)
    try:
        migration = migrate(parse_text(raw))
    except ContractError as problem:
        raise Refused(f"{_name(file)} cannot be migrated", code="DOCUMENT_INVALID", faults=problem.faults) from None
    document = migration.document
    source = raw.decode("utf-8-sig")
    return Migrated(file, source, migration, remaining_faults(document), tuple(inline_secrets(document)))


def _target(file: str, to: str, *, force: bool) -> str:
    """Where the document goes; looked at before anything is read, so that a wrong call does nothing."""
    if not to and file == STANDARD_INPUT:
        return STANDARD_OUTPUT
    if not to:
        path = Path(file)
        to = str(path.with_name(f"{path.stem}.migrated{path.suffix}"))
    if to != STANDARD_OUTPUT and Path(to).exists() and not force:
        raise WrongUsage(f"{to} is there already; --force replaces it, --to writes elsewhere")
    return to


def _write(migrated: Migrated, target: str, *, force: bool) -> str:
    """The path that was written; empty when there was nothing to write. Raises WrongUsage."""
    if target == STANDARD_OUTPUT:
        sys.stdout.write(migrated.text(target))
        return target
    if not migrated.migration.changed:
        return ""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        # Readable by its owner alone: it holds the keys that the old file held.
        with open(os.open(target, flags, 0o600), "w", encoding="utf-8") as stream:
            stream.write(migrated.text(target))
    except OSError as problem:
        raise WrongUsage(f"cannot write {target}: {problem.strerror or problem}") from None
    return target


def _report(migrated: Migrated, written_to: str) -> None:
    migration = migrated.migration
    rows = [(kind, note.old_path, note.new_path, note.why) for kind in _KINDS for note in getattr(migration, kind)]
    if rows:
        print_table(("", "OLD PATH", "NEW PATH", "WHY"), rows, empty="", stderr=True)
    if migrated.faults:
        print_faults(migrated.faults)
    if secrets := migrated.inline_credentials:
        typer.echo(
            f"hint: {len(secrets)} credential(s) stand in the document itself ({', '.join(secrets[:3])}"
            f"{', …' if len(secrets) > 3 else ''}): they are sealed on apply; api_key_env keeps them out of the file",
            err=True,
        )
    counts = ", ".join(f"{len(getattr(migration, kind))} {kind}" for kind in _KINDS)
    name = _name(migrated.file)
    done = f"{name}: {counts}" if migration.changed else f"{name} is in the canonical layout; nothing to do"
    where = f"; written to {written_to}" if written_to not in ("", STANDARD_OUTPUT) else ""
    typer.echo(f"{done}{where}", err=written_to == STANDARD_OUTPUT)


def _still_at_fault(migrated: Migrated) -> str:
    count = len(migrated.faults)
    return f"the result has {count} fault{'' if count == 1 else 's'} that only a person can mend"


def _note_data(notes: Iterable[Note]) -> list[dict[str, str]]:
    return [{"old_path": note.old_path, "new_path": note.new_path, "why": note.why} for note in notes]


def _name(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file
