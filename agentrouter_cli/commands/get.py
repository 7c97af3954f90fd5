"""`get`: the state of the product, a noun each."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from agentrouter.configurator.v1 import configurations_pb2, events_pb2
from agentrouter.management.v1 import dataplanes_pb2, documents_pb2, workspaces_pb2
from agentrouter_cli.commands.events import list_events, print_listed
from agentrouter_cli.commands.keys import get_keys
from agentrouter_cli.dataplane_tables import print_dataplanes
from agentrouter_cli.documents import as_yaml
from agentrouter_cli.options import OutputOption, UserOption, WorkspaceOption, connect
from agentrouter_cli.output import Output, age_text, envoy_release, plain, print_json, print_table, time_text, word
from contract import escape_environment

STANDING = (
    "CONFIGURATION",
    "DATA PLANE",
    "DESIRED",
    "APPLIED",
    "RUNNING",
    "DRIFT",
    "PROVEN AT",
    "RESOURCES",
    "PROVEN DIGEST",
    "ENVOY",
    "REFUSED",
)

app = typer.Typer(no_args_is_help=True, help="Show documents, configurations, data planes, events, keys.")


@app.command(epilog="Example: agentrouter get document --output json > workspace.json")
def document(
    user: UserOption = "",
    version: Annotated[int, typer.Option(help="An earlier version; `agentrouter history` lists them.", min=0)] = 0,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show a source document as `apply -f` takes it back: YAML, or JSON with --output json."""
    client = connect(workspace)
    request = documents_pb2.GetDocumentRequest(workspace_id=client.workspace_id, user_id=user, version=version)
    content = json.loads(client.call(client.documents.get_document, request).document.content)
    if output is Output.JSON:
        print_json(escape_environment(content))
    else:
        print(as_yaml(content), end="")


@app.command(epilog="Example: agentrouter get configurations --history")
def configurations(
    user: Annotated[str | None, typer.Option("--user", "-u", help="Only this consumer's; '' the workspace's.")] = None,
    history: Annotated[bool, typer.Option("--history", help="Older versions too.")] = False,
    full: Annotated[bool, typer.Option("--full", help="With the delivered documents (JSON output).")] = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show desired, applied and running version on each data plane, with the proof."""
    client = connect(workspace)
    view = configurations_pb2.CONFIGURATION_VIEW_FULL if full else configurations_pb2.CONFIGURATION_VIEW_BASIC
    request = configurations_pb2.ListConfigurationsRequest(
        workspace_id=client.workspace_id, user_id=user, history=history, view=view
    )
    answer = client.whole(client.configurator.list_configurations, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_table(
        ("CONFIGURATION", "VERSION", "REVISION", "DIGEST", "STATE", "CREATED", "REASON"),
        [
            (
                each.user_id or "(workspace)",
                each.version,
                each.revision,
                each.digest[:12],
                word(configurations_pb2.ConfigurationState, each.state),
                time_text(each.created_at),
                each.reason,
            )
            for each in answer.configurations
        ],
        empty="no configuration yet; `agentrouter apply -f FILE` stores the first",
    )
    print_table(
        STANDING,
        [_dataplane_row(each, one) for each in answer.configurations for one in each.dataplanes],
        empty="no data plane is enrolled",
    )


@app.command(epilog="Example: agentrouter get users --output json")
def users(workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE) -> None:
    """Show the consumers that have an active configuration."""
    client = connect(workspace)
    request = configurations_pb2.ListActiveUsersRequest(workspace_id=client.workspace_id)
    answer = client.whole(client.configurator.list_active_users, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_table(("CONSUMER",), [(each,) for each in answer.user_ids], empty="no consumer has a configuration")


@app.command(epilog="Example: agentrouter get events --all")
def events(
    show_all: Annotated[bool, typer.Option("--all", help="Finished ones too, newest first.")] = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show events that need processing, or all of them."""
    request = events_pb2.ListPendingEventsRequest(include_finished=show_all)
    print_listed(list_events(connect(workspace), request), output)


@app.command(epilog="Example: agentrouter get dataplanes")
def dataplanes(workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE) -> None:
    """Show the data planes of the workspace."""
    client = connect(workspace)
    request = dataplanes_pb2.ListDataplanesRequest(workspace_id=client.workspace_id)
    print_dataplanes(client.whole(client.dataplanes.list_dataplanes, request), output)


@app.command(epilog="Example: agentrouter get workspaces")
def workspaces(output: OutputOption = Output.TABLE) -> None:
    """Show the workspaces that the key sees."""
    client = connect()
    answer = client.whole(client.workspaces.list_workspaces, workspaces_pb2.ListWorkspacesRequest())
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_table(
        ("WORKSPACE", "NAME", "TENANT", "REVISION", "CREATED"),
        [(each.id, each.name, each.tenant_id, each.revision, time_text(each.created_at)) for each in answer.workspaces],
        empty="the key sees no workspace",
    )


@app.command(epilog="Example: agentrouter get keys")
def keys(workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE) -> None:
    """Show management keys and consumer keys, never the keys themselves."""
    get_keys(connect(workspace), output)


def _dataplane_row(
    configuration: configurations_pb2.Configuration, one: configurations_pb2.DataplaneVersions
) -> tuple[object, ...]:
    proof = one.proof
    refused = f"version {one.rejected_version}: {one.rejected_reason}" if one.rejected_version else ""
    return (
        configuration.user_id or "(workspace)",
        one.dataplane_id,
        one.desired_version,
        one.applied_version or "-",
        one.running_version or "-",
        age_text(one.drift_age) if one.HasField("drift_age") else "-",
        time_text(proof.applied_at) or "-",
        len(proof.resources) or "-",
        configuration.digest[:12] if one.applied_version == configuration.version else "-",
        envoy_release(proof.envoy_version) or "-",
        refused,
    )
