"""`diff`: what `apply` would change in the stored source documents, by meaning or line by line."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from agentrouter.management.v1 import documents_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.commands.apply import faults_of
from agentrouter_cli.documents import LoadedDocument, as_yaml, load_documents
from agentrouter_cli.errors import NotFound, Refused
from agentrouter_cli.options import FilesOption, OutputOption, UserOption, WorkspaceOption, connect
from agentrouter_cli.output import Output, console, fault_data, print_json, visible, word
from contract import Fault, is_secret_ref

_INLINE: Final = "(a credential given inline; sealed on apply)"
_MARKS: Final = {"ADDED": "+", "REMOVED": "-", "CHANGED": "~", "MOVED": ">", "RENEWED": "*"}
_COLOURS: Final = {"+": "green", "-": "red", "@": "cyan", "~": "yellow", ">": "yellow", "*": "yellow"}
_LONGEST_SHOWN: Final = 100


def diff(
    file: FilesOption,
    user: UserOption = "",
    version: Annotated[int, typer.Option(help="Compare with this earlier version.", min=0)] = 0,
    text: Annotated[bool, typer.Option("--text", help="Line by line, as YAML, instead of by meaning.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 when something differs.")] = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what `apply` would change in the stored source documents; nothing is stored.

    By meaning: neither the order of keys nor a written-out default is a difference, and elements of lists are told by
    their names. + added, - removed, ~ changed, > in another order, * another credential than the stored one.
    """
    client = connect(workspace)
    shown, faults = [], []
    for document in load_documents(file, user, os.environ):
        compared, found = _by_line(client, document, version) if text else _by_meaning(client, document, version)
        shown.append(compared)
        faults += found
        if output is Output.TABLE:
            _print(document, compared)
    differs = any(each["differs"] for each in shown)
    if output is Output.JSON:
        print_json({"differs": differs, "documents": shown})
    if faults:
        raise Refused("the product would refuse this", code="DOCUMENT_INVALID", faults=faults)
    if differs and exit_code:
        raise typer.Exit(1)


def compare(client: Client, user_id: str, content: str, version: int = 0) -> tuple[dict[str, Any], list[Fault]]:
    """What a document says differently than the stored one, as plain data, and what putting it would refuse.

    Values are JSON's, null for nothing.
    """
    request = documents_pb2.DiffDocumentRequest(
        workspace_id=client.workspace_id, user_id=user_id, content=content, version=version
    )
    answer = client.call(client.documents.diff_document, request)
    differences = [_difference(each) for each in answer.differences]
    faults = faults_of(answer.faults)
    compared = {
        "differs": bool(differences),
        "against_version": answer.version,
        "etag": answer.etag,
        "differences": differences,
        "left_out_count": answer.left_out_count,
        "faults": fault_data(faults),
    }
    return compared, faults


def difference_lines(compared: Mapping[str, Any]) -> Iterator[str]:
    """One line a difference, for people."""
    for each in compared["differences"]:
        mark, path, old, new = _MARKS[each["kind"]], each["path"], _short(each["old"]), _short(each["new"])
        match each["kind"]:
            case "ADDED":
                yield f"{mark} {path}: {new}"
            case "REMOVED":
                yield f"{mark} {path}: {old}"
            case "RENEWED":
                yield f"{mark} {path}: the credential given takes the place of the stored one"
            case _:
                yield f"{mark} {path}: {old} -> {new}"
    if compared["left_out_count"]:
        yield f"and {compared['left_out_count']} more"


def print_lines(lines: Iterator[str] | list[str]) -> None:
    """Coloured by their first sign."""
    out = console()
    for line in lines:
        out.print(Text(visible(line), style=_COLOURS.get(line[:1], "")), soft_wrap=True)


def _by_meaning(client: Client, document: LoadedDocument, version: int) -> tuple[dict[str, Any], list[Fault]]:
    compared, faults = compare(client, document.user_id, document.text, version)
    return {"file": document.file, "user_id": document.user_id, **compared}, faults


def _by_line(client: Client, document: LoadedDocument, version: int) -> tuple[dict[str, Any], list[Fault]]:
    stored = _stored(client, document, version)
    before = as_yaml(_sorted(stored)).splitlines() if stored else []
    after = as_yaml(_sorted(_masked(document.content))).splitlines()
    lines = list(difflib.unified_diff(before, after, "stored", document.file, lineterm="", n=3))
    return {"file": document.file, "user_id": document.user_id, "differs": bool(lines), "diff": lines}, []


def _print(document: LoadedDocument, compared: Mapping[str, Any]) -> None:
    if not compared["differs"]:
        if not compared.get("faults"):
            print(f"{document.title} document: no difference")
        return
    if "diff" in compared:
        print_lines(compared["diff"])
        return
    against = compared["against_version"]
    print(f"{document.title} document, against {f'version {against}' if against else 'nothing stored'}:")
    print_lines(difference_lines(compared))


def _difference(each: documents_pb2.DocumentDifference) -> dict[str, Any]:
    old, new = (json.loads(value) if value else None for value in (each.old_value, each.new_value))
    return {"path": each.path, "kind": word(documents_pb2.DifferenceKind, each.kind), "old": old, "new": new}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def _stored(client: Client, document: LoadedDocument, version: int) -> dict[str, Any]:
    request = documents_pb2.GetDocumentRequest(
        workspace_id=client.workspace_id, user_id=document.user_id, version=version
    )
    try:
        answer = client.call(client.documents.get_document, request)
    except NotFound:
        if version:
            raise
        return {}
    content = json.loads(answer.document.content)
    return content if isinstance(content, dict) else {}


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
