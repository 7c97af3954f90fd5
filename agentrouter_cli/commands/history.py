"""`history` and `rollback`: the versions of a source document, and the way back to one of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from agentrouter.management.v1 import documents_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.commands.apply import Applied, report, title_of, wait_for_proof
from agentrouter_cli.commands.diff import compare, difference_lines, print_lines
from agentrouter_cli.errors import Refused
from agentrouter_cli.options import (
    DryRunOption,
    OutputOption,
    ReasonOption,
    TimeoutOption,
    UserOption,
    WaitOption,
    WorkspaceOption,
    connect,
)
from agentrouter_cli.output import Output, fault_data, plain, print_json, print_table, time_text


def history(
    user: UserOption = "",
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=1000)] = 50,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show the versions of a source document, newest first: who, when, why, and the configuration made of it.

    `agentrouter get document --version N` shows one; `agentrouter rollback --to N` puts it again.
    """
    client = connect(workspace)
    request = documents_pb2.ListDocumentVersionsRequest(workspace_id=client.workspace_id, user_id=user, page_size=limit)
    answer = client.call(client.documents.list_document_versions, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_table(
        ("VERSION", "WHEN", "AUTHOR", "CONFIGURATION", "DOES", "REASON"),
        [
            (
                each.version,
                time_text(each.created_at),
                each.author or "(unknown)",
                each.configuration_version or "-",
                _does(each),
                each.reason,
            )
            for each in answer.versions
        ],
        empty=f"no {title_of(user)} document yet; `agentrouter apply -f FILE` stores the first",
    )


def _does(version: documents_pb2.DocumentVersion) -> str:
    """What a version is, where it is not simply another text."""
    if version.removed:
        return "removes the document"
    return f"restores {version.restored_version}" if version.restored_version else "-"


def rollback(
    to: Annotated[int, typer.Option(help="The version; without it the newest that says something else.", min=0)] = 0,
    user: UserOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = 10.0,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Put an earlier version of a source document again, as a new version, with all that `apply` checks.

    Credentials are references: the newest stored ones serve. Exit codes are those of `apply`.
    """
    client = connect(workspace)
    try:
        response = _roll_back(client, user, to, reason, dry_run=dry_run)
    except Refused as problem:
        if output is Output.JSON:
            print_json({"outcome": "refused", "error": problem.message, "faults": fault_data(problem.faults)})
        raise
    origin = f"version {response.restored_version}"
    if dry_run and output is Output.TABLE:
        _show_differences(client, user, response)
    patience = timedelta(seconds=timeout) if wait and not dry_run else None
    settlement = wait_for_proof(client, user, response.configuration.version, patience)
    result = Applied(origin, user, response, dry_run, settlement)
    if output is Output.TABLE:
        print(f"{title_of(user)} document: {'would go' if dry_run else 'went'} back to {origin}")
    report([result], output)


def _roll_back(
    client: Client, user: str, to: int, reason: str, *, dry_run: bool
) -> documents_pb2.RollbackDocumentResponse:
    request = documents_pb2.RollbackDocumentRequest(
        workspace_id=client.workspace_id, user_id=user, version=to, reason=reason, validate_only=dry_run
    )
    return client.call(client.documents.rollback_document, request)


def _show_differences(client: Client, user: str, response: documents_pb2.RollbackDocumentResponse) -> None:
    compared, _ = compare(client, user, response.document.content)
    print_lines(difference_lines(compared))
