"""`apply`: put documents, then wait until every data plane proved the version or refused it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import typer

from agentrouter.management.v1 import documents_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.documents import LoadedDocument, load_documents
from agentrouter_cli.errors import CliError, Refused, Unproven
from agentrouter_cli.options import (
    DryRunOption,
    FilesOption,
    OutputOption,
    ReasonOption,
    TimeoutOption,
    UserOption,
    WaitOption,
    WorkspaceOption,
    connect,
)
from agentrouter_cli.output import DRY_RUN, Output, console, fault_data, print_json
from agentrouter_cli.settlement import Settlement, State, wait_settled
from contract import Fault


@dataclass(frozen=True, slots=True)
class Applied:
    """One document after the call: from where it came, whose it is, and what became of it.

    `settlement` is None where nothing was waited for.
    """

    file: str
    user_id: str
    response: documents_pb2.PutDocumentResponse | documents_pb2.RollbackDocumentResponse
    dry_run: bool
    settlement: Settlement | None = None

    @property
    def title(self) -> str:
        """What it configures, for people."""
        return title_of(self.user_id)

    @property
    def outcome(self) -> str:
        """One word for programs: dry-run, stored, applied, refused or unproven."""
        if self.dry_run:
            return "dry-run"
        if self.settlement is None or not self.settlement.outcomes:
            return "stored"
        if self.settlement.refusals:
            return "refused"
        if not self.settlement.settled:
            return "unproven"
        return "applied" if self.settlement.count(State.APPLIED) else "stored"

    def data(self) -> dict[str, Any]:
        """Plain data."""
        configuration = self.response.configuration
        return {
            "file": self.file,
            "workspace_id": configuration.workspace_id,
            "user_id": self.user_id,
            "outcome": self.outcome,
            "changed": self.response.changed,
            "document_version": self.response.document.version,
            "version": configuration.version,
            "revision": configuration.revision,
            "digest": configuration.digest,
            "dataplanes": [each.data() for each in self.settlement.outcomes] if self.settlement else [],
        }


def apply(
    file: FilesOption,
    user: UserOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    wait: WaitOption = True,
    timeout: TimeoutOption = 10.0,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Put documents and wait until every data plane proved them.

    References to environment variables are filled in here. A consumer's document says so itself (version: consumer/v1)
    or by --user. Exit code 0: applied; 1: refused, by the product or by a data plane; 3: unreachable; 4: unauthorised;
    5: stored, but not proven in time.
    """
    try:
        documents = load_documents(file, user, os.environ)
        client = connect(workspace)
        _warn_of_unset(documents)
        if len(documents) > 1:
            _check_all(client, documents)
        patience = timedelta(seconds=timeout) if wait and not dry_run else None
        results = [_apply_one(client, document, reason, patience, dry_run=dry_run) for document in documents]
    except Refused as problem:
        if output is Output.JSON:
            print_json({"outcome": "refused", "error": problem.message, "faults": fault_data(problem.faults)})
        raise
    report(results, output)


def check_on_server(client: Client, document: LoadedDocument) -> list[Fault]:
    """Every fault the product finds, warnings too; nothing is stored."""
    request = documents_pb2.ValidateDocumentRequest(
        workspace_id=client.workspace_id, user_id=document.user_id, content=document.text
    )
    answer = client.call(client.documents.validate_document, request)
    return faults_of(answer.faults)


def faults_of(messages: Iterable[documents_pb2.DocumentFault]) -> list[Fault]:
    """Faults as the product tells them, without their places, which are not those of the file."""
    warning = documents_pb2.FAULT_SEVERITY_WARNING
    return [
        Fault(each.path, each.code, each.message, each.remedy, "warning" if each.severity == warning else "error")
        for each in messages
    ]


def title_of(user_id: str) -> str:
    """What a document configures, for people."""
    return f"consumer {user_id}" if user_id else "workspace"


def wait_for_proof(client: Client, user_id: str, version: int, patience: timedelta | None) -> Settlement | None:
    """Until every data plane proved the configuration or refused it; None waits for nothing."""
    if patience is None:
        return None
    with _progress(f"version {version} of the {title_of(user_id)} document") as progress:
        return wait_settled(client, user_id, version, patience, progress)


def _apply_one(
    client: Client, document: LoadedDocument, reason: str, patience: timedelta | None, *, dry_run: bool
) -> Applied:
    request = documents_pb2.PutDocumentRequest(
        workspace_id=client.workspace_id,
        user_id=document.user_id,
        content=document.text,
        validate_only=dry_run,
        reason=reason,
    )
    response = client.call(client.documents.put_document, request)
    settlement = wait_for_proof(client, document.user_id, response.configuration.version, patience)
    return Applied(document.file, document.user_id, response, dry_run, settlement)


def _check_all(client: Client, documents: list[LoadedDocument]) -> None:
    """Before the first is stored, so that a fault in the last stores none."""
    for document in documents:
        if faults := [each for each in check_on_server(client, document) if each.severity == "error"]:
            raise Refused(f"{document.file} has faults; nothing was stored", code="DOCUMENT_INVALID", faults=faults)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[Settlement], None]]:
    """On a terminal, one line that says how many data planes are still waited for."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield lambda settlement: None
        return
    with err.status(f"{title}: stored, waiting for the data planes") as status:

        def show(settlement: Settlement) -> None:
            total = len(settlement.outcomes) - settlement.count(State.OFFLINE)
            status.update(f"{title}: {settlement.count(State.APPLIED)} of {total} data planes proved it")

        yield show


def _warn_of_unset(documents: list[LoadedDocument]) -> None:
    for document in documents:
        for name in document.unset_variables:
            typer.echo(f"warning: {document.file} uses ${name}, which is not set and becomes empty", err=True)


def report(results: list[Applied], output: Output) -> None:
    """What became of each. Raises what the exit code is to be."""
    worst = next((each for kind in ("refused", "unproven") for each in results if each.outcome == kind), results[0])
    if output is Output.JSON:
        print_json({"outcome": worst.outcome, "documents": [each.data() for each in results]})
    else:
        for each in results:
            _print_one(each)
    if failure := _failure(worst):
        raise failure


def _failure(result: Applied) -> CliError | None:
    version = result.response.configuration.version
    if result.outcome == "refused" and result.settlement:
        reasons = "; ".join(f"{each.dataplane_id}: {each.reason}" for each in result.settlement.refusals)
        return Refused(f"version {version} of the {result.title} document was refused: {reasons}", code="REJECTED")
    if result.outcome == "unproven" and result.settlement:
        waiting = [each.dataplane_id for each in result.settlement.outcomes if each.state is State.WAITING]
        return Unproven(
            f"version {version} is stored, but not yet proven by {', '.join(waiting)}; "
            "see `agentrouter get configurations` and `agentrouter events`"
        )
    return None


def _print_one(result: Applied) -> None:
    configuration = result.response.configuration
    what = f"{result.title} document"
    digest = f"digest {configuration.digest[:12]}" if configuration.digest else "a tombstone"
    match result.outcome:
        case "dry-run":
            effect = "would change" if result.response.changed else "would not change"
            print(f"{what}: valid, {effect} the configuration ({DRY_RUN})")
            return
        case "applied" if result.settlement:
            count = result.settlement.count(State.APPLIED)
            state = f"applied and proven by {count} data plane{'' if count == 1 else 's'}"
        case "stored" if result.settlement and not result.settlement.outcomes:
            state = "stored; no data plane is enrolled yet"
        case "stored" if result.settlement:
            state = "stored; every data plane is offline"
        case "stored":
            state = "stored"
        case "refused":
            state = "stored, but REFUSED by a data plane, which goes on serving the version before"
        case _:
            state = "stored, not yet proven"
    changed = "" if result.response.changed else " (unchanged)"
    print(f"{what}: version {configuration.version}{changed}, {digest}: {state}")
    for each in result.settlement.outcomes if result.settlement else ():
        if each.state is State.OFFLINE:
            print(f"  {each.dataplane_id} is offline and takes it when it is back")
