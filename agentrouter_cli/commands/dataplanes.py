"""`dataplanes`: list them, let another join, revoke one for good."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agentrouter.management.v1 import dataplanes_pb2
from agentrouter_cli.options import OutputOption, WorkspaceOption, connect, duration_of, parse_lifetime
from agentrouter_cli.output import Output, envoy_release, plain, print_json, print_table, time_text, word

RUNNING_SHOWN = 5

app = typer.Typer(no_args_is_help=True, help="List data planes, let another join, revoke one.")


@app.command("list", epilog="Example: agentrouter dataplanes list")
def list_dataplanes(workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE) -> None:
    """List the data planes of the workspace."""
    client = connect(workspace)
    request = dataplanes_pb2.ListDataplanesRequest(workspace_id=client.workspace_id)
    print_dataplanes(client.whole(client.dataplanes.list_dataplanes, request), output)


@app.command("join-token", epilog="Example: agentrouter dataplanes join-token --raw")
def join_token(
    group: Annotated[str, typer.Option(help="The group its data planes form.")] = "",
    uses: Annotated[int, typer.Option(help="How many data planes may enrol with it.", min=1)] = 1,
    lifetime: Annotated[str, typer.Option(help="How long it is good, for instance 10m.")] = "1h",
    raw: Annotated[bool, typer.Option("--raw", help="Print the token alone, for use in a command.")] = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make a join token and show it once."""
    client = connect(workspace)
    request = dataplanes_pb2.CreateJoinTokenRequest(
        workspace_id=client.workspace_id, group=group, max_uses=uses, lifetime=duration_of(parse_lifetime(lifetime))
    )
    answer = client.call(client.dataplanes.create_join_token, request)
    if raw:
        print(answer.join_token)
    elif output is Output.JSON:
        print_json(plain(answer))
    else:
        count = "one data plane" if uses == 1 else f"{uses} data planes"
        print(f"Good for {count} until {time_text(answer.expires_at)}; this is the only time it is shown:")
        print(answer.join_token)


@app.command(epilog="Example: agentrouter dataplanes revoke dp_01J… --reason 'host was sold'")
def revoke(
    dataplane_id: Annotated[str, typer.Argument(help="Its id, dp_…")],
    reason: Annotated[str, typer.Option(help="Why, for people.")] = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Revoke a data plane for good; to come back it must enrol anew."""
    client = connect()
    request = dataplanes_pb2.RevokeDataplaneRequest(dataplane_id=dataplane_id, reason=reason)
    answer = client.call(client.dataplanes.revoke_dataplane, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print(f"{answer.dataplane.id} is revoked")


def print_dataplanes(answer: Any, output: Output) -> None:
    """The list, as a table or as JSON."""
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_table(
        (
            "DATA PLANE",
            "NAME",
            "GROUP",
            "HEALTH",
            "APPLIED",
            "DESIRED",
            "RUNNING",
            "AGENT",
            "ENVOY",
            "LAST SEEN",
            "URL",
            "WARNINGS",
        ),
        [
            (
                each.id,
                each.name,
                each.group,
                word(dataplanes_pb2.DataplaneHealth, each.health),
                each.applied_revision,
                each.desired_revision,
                ", ".join(f"{one.slot} v{one.version}" for one in each.report.running[:RUNNING_SHOWN]),
                each.report.agent_version,
                envoy_release(each.report.envoy_version),
                time_text(each.last_seen_at),
                each.url,
                "; ".join((*(f"{one.slot}: {one.reason}" for one in each.report.rejected), *each.report.warnings)),
            )
            for each in answer.dataplanes
        ],
        empty="no data plane is enrolled; `agentrouter dataplanes join-token` lets one join",
    )
