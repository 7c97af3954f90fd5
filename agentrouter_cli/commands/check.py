"""`validate`: what is wrong with documents, without storing anything."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from agentrouter_cli.commands.apply import check_on_server
from agentrouter_cli.documents import check_offline, load_documents
from agentrouter_cli.errors import Refused
from agentrouter_cli.options import FilesOption, OutputOption, UserOption, WorkspaceOption, connect
from agentrouter_cli.output import Output, fault_data, print_json
from contract import Fault

VALIDATE_EXAMPLE = "Example: agentrouter validate -f workspace.yaml --server"


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
