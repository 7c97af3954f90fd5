"""`delete`: remove what is stored of a consumer, after asking whoever sits at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

import typer

from agentrouter.management.v1 import documents_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.commands.apply import Applied, report, title_of, wait_for_proof
from agentrouter_cli.errors import WrongUsage
from agentrouter_cli.options import (
    DryRunOption,
    OutputOption,
    ReasonOption,
    TimeoutOption,
    WaitOption,
    WorkspaceOption,
    connect,
)
from agentrouter_cli.output import DRY_RUN, Output

app = typer.Typer(no_args_is_help=True)


@app.callback()
def what() -> None:
    """Remove the document of a consumer."""


@app.command(epilog="Example: agentrouter delete document --user ada@example.com --reason 'left the company'")
def document(
    user: Annotated[str, typer.Option("--user", "-u", help="The consumer.")],
    reason: ReasonOption = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = 10.0,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Remove a consumer's document, with the backends that it brought and their keys, and wait for the proof.

    The gateways then refuse its consumer keys. Those stay as they are: revoke them (`agentrouter keys consumer revoke`)
    unless the consumer is to come back with them. `agentrouter rollback --user NAME` brings the document back, without
    the backends. Exit codes are those of `apply`.
    """
    client = connect(workspace)
    asks = sys.stdin.isatty() and not yes and not dry_run
    would_go = _delete(client, user, reason, dry_run=True) if asks or dry_run else None
    if asks and would_go is not None:
        typer.confirm(f"{_what_goes(user, would_go.removed_backends)} will be removed; go on?", abort=True, err=True)
    done = would_go if dry_run and would_go is not None else _delete(client, user, reason, dry_run=False)
    patience = timedelta(seconds=timeout) if wait and not dry_run else None
    settlement = wait_for_proof(client, user, done.configuration.version, patience)
    if output is Output.TABLE:
        end = f"would be removed ({DRY_RUN})" if dry_run else "is removed"
        print(f"{_what_goes(user, done.removed_backends)} {end}")
    if output is Output.JSON or not dry_run:
        report([Applied("", user, _as_put(done), dry_run, settlement)], output)


def _delete(client: Client, user: str, reason: str, *, dry_run: bool) -> documents_pb2.DeleteDocumentResponse:
    if not user:
        raise WrongUsage("--user names the consumer; the workspace's own document cannot be removed")
    request = documents_pb2.DeleteDocumentRequest(
        workspace_id=client.workspace_id, user_id=user, reason=reason, validate_only=dry_run
    )
    return client.call(client.documents.delete_document, request)


def _as_put(done: documents_pb2.DeleteDocumentResponse) -> documents_pb2.PutDocumentResponse:
    """A removal is a change like any other: the next version, which is waited for."""
    return documents_pb2.PutDocumentResponse(
        document=documents_pb2.SourceDocument(version=done.document_version),
        changed=True,
        configuration=done.configuration,
        event_ids=done.event_ids,
    )


def _what_goes(user: str, backends: Iterable[str]) -> str:
    own = f" with its backends {', '.join(backends)}" if backends else ""
    return f"the {title_of(user)} document{own}"
