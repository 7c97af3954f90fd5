"""`dataplanes join-token` and `join-tokens`: make a join token, list them, end one before its time."""

from __future__ import annotations

from typing import Annotated

import typer

from agentrouter.management.v1 import dataplanes_pb2
from agentrouter_cli.options import DryRunOption, OutputOption, WorkspaceOption, connect, duration_of, parse_lifetime
from agentrouter_cli.output import DRY_RUN, Output, plain, print_json, print_outcome, print_table, time_text

MAKE_EXAMPLE = "Example: agentrouter dataplanes join-token --raw"

app = typer.Typer(no_args_is_help=True, help="List join tokens, revoke one before its time.")


def make(
    group: Annotated[str, typer.Option(help="The group its data planes form.")] = "",
    uses: Annotated[int, typer.Option(help="How many data planes may enrol with it.", min=1)] = 1,
    lifetime: Annotated[str, typer.Option(help="How long it is good, for instance 10m.")] = "1h",
    raw: Annotated[bool, typer.Option("--raw", help="Print the token alone, for use in a command.")] = False,
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make a join token and show it once."""
    client = connect(workspace)
    request = dataplanes_pb2.CreateJoinTokenRequest(
        workspace_id=client.workspace_id,
        group=group,
        max_uses=uses,
        lifetime=duration_of(parse_lifetime(lifetime)),
        validate_only=dry_run,
    )
    answer = client.call(client.dataplanes.create_join_token, request)
    good = f"ood for {'one data plane' if uses == 1 else f'{uses} data planes'} until {time_text(answer.expires_at)}"
    if output is Output.JSON and not raw:
        print_json(plain(answer))
    elif dry_run:
        print(f"It would be g{good} ({DRY_RUN})")
    elif raw:
        print(answer.join_token)
    else:
        print(f"G{good}; this is the only time it is shown:")
        print(answer.join_token)


@app.command("list", epilog="Example: agentrouter dataplanes join-tokens list --all")
def list_tokens(
    show_all: Annotated[bool, typer.Option("--all", help="Used-up, expired and revoked ones too.")] = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the join tokens that may still be used, never the tokens themselves."""
    client = connect(workspace)
    request = dataplanes_pb2.ListJoinTokensRequest(workspace_id=client.workspace_id, include_ended=show_all)
    answer = client.whole(client.dataplanes.list_join_tokens, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_table(
        ("JOIN TOKEN", "GROUP", "MADE BY", "USED", "CREATED", "EXPIRES", "REVOKED"),
        [
            (
                each.id,
                each.group,
                each.created_by or "-",
                f"{each.uses} of {each.max_uses}",
                time_text(each.created_at),
                time_text(each.expires_at),
                time_text(each.revoked_at),
            )
            for each in answer.join_tokens
        ],
        empty="no join token may be used; `agentrouter dataplanes join-token` makes one",
    )


@app.command(epilog="Example: agentrouter dataplanes join-tokens revoke jt_01J… --reason leaked")
def revoke(
    join_token_id: Annotated[str, typer.Argument(help="Its id, jt_…")],
    reason: Annotated[str, typer.Option(help="Why, for people.")] = "",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """End a join token before its time; data planes that enrolled with it stay."""
    client = connect()
    request = dataplanes_pb2.RevokeJoinTokenRequest(join_token_id=join_token_id, reason=reason, validate_only=dry_run)
    answer = client.call(client.dataplanes.revoke_join_token, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    enrolled = f"revoked; {answer.join_token.uses} data planes enrolled with it"
    print_outcome(f"{join_token_id} is {enrolled}", f"{join_token_id} would be {enrolled}", dry_run=dry_run)
