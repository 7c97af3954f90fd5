"""`dataplanes`: list them, let another join, revoke one for good."""

from __future__ import annotations

from typing import Annotated

import typer

from agentrouter.management.v1 import dataplanes_pb2
from agentrouter_cli.commands import gateways, join_tokens
from agentrouter_cli.dataplane_tables import print_dataplane, print_dataplanes
from agentrouter_cli.options import DryRunOption, OutputOption, WorkspaceOption, connect
from agentrouter_cli.output import Output, plain, print_json, print_outcome

app = typer.Typer(no_args_is_help=True, help="List data planes, let another join, revoke one.")
app.command(epilog="Example: agentrouter dataplanes set-url https://llm.example.com")(gateways.set_url)
app.command("join-token", epilog=join_tokens.MAKE_EXAMPLE)(join_tokens.make)
app.add_typer(join_tokens.app, name="join-tokens")


@app.command("list", epilog="Example: agentrouter dataplanes list")
def list_dataplanes(workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE) -> None:
    """List the data planes of the workspace."""
    client = connect(workspace)
    request = dataplanes_pb2.ListDataplanesRequest(workspace_id=client.workspace_id)
    print_dataplanes(client.whole(client.dataplanes.list_dataplanes, request), output)


@app.command("get", epilog="Example: agentrouter dataplanes get dp_01J…")
def get_dataplane(
    dataplane_id: Annotated[str, typer.Argument(help="Its id, dp_…")], output: OutputOption = Output.TABLE
) -> None:
    """Show one data plane: what it runs, since when it is stale, what it refused or took back."""
    client = connect()
    request = dataplanes_pb2.GetDataplaneRequest(dataplane_id=dataplane_id)
    print_dataplane(client.call(client.dataplanes.get_dataplane, request), output)


@app.command(epilog="Example: agentrouter dataplanes revoke dp_01J… --reason 'host was sold'")
def revoke(
    dataplane_id: Annotated[str, typer.Argument(help="Its id, dp_…")],
    reason: Annotated[str, typer.Option(help="Why, for people.")] = "",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Revoke a data plane for good; to come back it must enrol anew."""
    client = connect()
    request = dataplanes_pb2.RevokeDataplaneRequest(dataplane_id=dataplane_id, reason=reason, validate_only=dry_run)
    answer = client.call(client.dataplanes.revoke_dataplane, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_outcome(f"{dataplane_id} is revoked", f"{dataplane_id} would be revoked", dry_run=dry_run)
