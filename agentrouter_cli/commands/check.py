"""`validate` and `diff`: what a document would do, without storing anything."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from agentrouter.management.v1 import documents_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.commands.apply import check_on_server
from agentrouter_cli.documents import LoadedDocument, as_yaml, check_offline, load_documents
from agentrouter_cli.errors import Refused
from agentrouter_cli.options import FilesOption, OutputOption, UserOption, WorkspaceOption, connect
from agentrouter_cli.output import Output, console, fault_data, print_json
from contract import Fault, is_secret_ref

VALIDATE_EXAMPLE = "Example: agentrouter validate -f workspace.yaml --server"
DIFF_EXAMPLE = "Example: agentrouter diff -f workspace.yaml"

_INLINE = "(a credential given inline; sealed on apply)"


def validate(
    file: FilesOption,
    user: UserOption = "",
    server: Annotated[bool, typer.Option("--server", help="Ask the running product too.")] = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Check documents against the contract, offline; every fault is listed with its path."""
    faults: tuple[Fault, ...] = ()
    problem: Refused | None = None
    try:
        for document in load_documents(file, user, os.environ):
            check_offline(document)
            if server and (found := check_on_server(connect(workspace), document)):
                raise Refused(f"the product refuses {document.file}", code="DOCUMENT_INVALID", faults=found)
    except Refused as refusal:
        problem, faults = refusal, refusal.faults
    if output is Output.JSON:
        print_json({"valid": problem is None, "faults": fault_data(faults)})
    elif problem is None:
        print("valid")
    if problem is not None:
        raise problem


def diff(
    file: FilesOption,
    user: UserOption = "",
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 when something differs.")] = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what `apply` would change in the stored source documents."""
    client = connect(workspace)
    differs = False
    shown = []
    for document in load_documents(file, user, os.environ):
        lines = _difference(_stored(client, document), document)
        differs = differs or bool(lines)
        shown.append({"file": document.file, "user_id": document.user_id, "differs": bool(lines), "diff": lines})
        if output is Output.TABLE:
            _print_difference(document, lines)
    if output is Output.JSON:
        print_json({"differs": differs, "documents": shown})
    if differs and exit_code:
        raise typer.Exit(1)


def _stored(client: Client, document: LoadedDocument) -> dict[str, Any]:
    request = documents_pb2.GetDocumentRequest(workspace_id=client.workspace_id, user_id=document.user_id)
    try:
        answer = client.call(client.documents.get_document, request)
    except Refused as problem:
        if not problem.code.endswith("NOT_FOUND"):
            raise
        return {}
    content = json.loads(answer.document.content)
    return content if isinstance(content, dict) else {}


def _difference(stored: dict[str, Any], document: LoadedDocument) -> list[str]:
    before = as_yaml(_sorted(stored)).splitlines() if stored else []
    after = as_yaml(_sorted(_masked(document.content))).splitlines()
    return list(difflib.unified_diff(before, after, "stored", document.file, lineterm="", n=3))


def _masked(value: Any) -> Any:
    """A copy in which no credential is shown."""
    if isinstance(value, Mapping):
        return {key: _mask(key, element) for key, element in value.items()}
    if isinstance(value, list):
        return [_masked(element) for element in value]
    return value


def _mask(key: str, value: Any) -> Any:
    if key == "api_key" and isinstance(value, str) and value and not is_secret_ref(value):
        return _INLINE
    return _masked(value)


def _sorted(value: Any) -> Any:
    """Order of keys means nothing; it must not show as a difference."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(element) for element in value]
    return value


def _print_difference(document: LoadedDocument, lines: list[str]) -> None:
    if not lines:
        print(f"{document.title} document: no difference")
        return
    out = console()
    for line in lines:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        out.print(Text(line, style=style), soft_wrap=True)
