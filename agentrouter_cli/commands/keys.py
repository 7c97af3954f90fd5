"""`keys`: management keys for people and programs, consumer keys for who calls the gateway."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from agentrouter.management.v1 import consumer_keys_pb2, management_keys_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.commands import gateways, master_keys
from agentrouter_cli.errors import Unauthorised
from agentrouter_cli.options import DryRunOption, OutputOption, WorkspaceOption, connect, duration_of, parse_lifetime
from agentrouter_cli.output import DRY_RUN, Output, plain, print_json, print_outcome, print_table, time_text, word

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys.")
management_app = typer.Typer(no_args_is_help=True, help="Management keys (ak-…): who may change configurations.")
consumer_app = typer.Typer(no_args_is_help=True, help="Consumer keys (sk-…): who may call the gateway.")
app.add_typer(management_app, name="management")
app.add_typer(consumer_app, name="consumer")
app.add_typer(gateways.gatekeeper_app, name="gatekeeper")
app.command(epilog="Example: agentrouter keys rotate")(master_keys.rotate)
consumer_app.command("revoke", epilog="Example: agentrouter keys consumer revoke ck_01J… --reason lost")(
    gateways.revoke_consumer
)

LifetimeOption = Annotated[str, typer.Option(help="How long it is good, for instance 24h or 30d.")]


class RoleName(StrEnum):
    """Each may do what the one before may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


@management_app.command(epilog="Example: agentrouter keys management create ci --role operator --lifetime 30d")
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Annotated[RoleName, typer.Option(help="What it may do.")] = RoleName.OPERATOR,
    lifetime: LifetimeOption = "",
    workspace_ids: Annotated[
        list[str] | None, typer.Option("--workspace", "-w", help="Only these workspaces; default all.")
    ] = None,
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make a management key and show it once."""
    client = connect()
    request = management_keys_pb2.CreateManagementKeyRequest(
        name=name,
        role=f"ROLE_{role.name}",
        workspace_ids=workspace_ids or [],
        lifetime=duration_of(parse_lifetime(lifetime) if lifetime else None),
        validate_only=dry_run,
    )
    _show_made(client.call(client.management_keys.create_management_key, request), output, dry_run=dry_run)


@management_app.command("list", epilog="Example: agentrouter keys management list --output json")
def list_management(output: OutputOption = Output.TABLE) -> None:
    """List management keys, never the keys themselves."""
    answer = _management_keys(connect())
    if output is Output.JSON:
        print_json(plain(answer))
        return
    _print_management(answer.keys)


@management_app.command(epilog="Example: agentrouter keys management revoke mk_01J…")
def revoke(
    key_id: Annotated[str, typer.Argument(help="Its id, mk_…")],
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Revoke a management key; twice is fine."""
    client = connect()
    request = management_keys_pb2.RevokeManagementKeyRequest(key_id=key_id, validate_only=dry_run)
    answer = client.call(client.management_keys.revoke_management_key, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    key = f"{key_id} ({answer.key.name})"
    print_outcome(f"{key} is revoked", f"{key} would be revoked", dry_run=dry_run)


@consumer_app.command(epilog="Example: agentrouter keys consumer issue alice --lifetime 90d")
def issue(
    consumer: Annotated[str, typer.Argument(help="The consumer: letters, digits and . _ @ -")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    lifetime: LifetimeOption = "",
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Sign a consumer key and show it once; the first one makes the consumer's document."""
    client = connect(workspace)
    request = consumer_keys_pb2.IssueConsumerKeyRequest(
        workspace_id=client.workspace_id,
        consumer_id=consumer,
        name=name,
        lifetime=duration_of(parse_lifetime(lifetime) if lifetime else None),
        validate_only=dry_run,
    )
    _show_made(client.call(client.consumer_keys.issue_consumer_key, request), output, dry_run=dry_run)


@consumer_app.command("list", epilog="Example: agentrouter keys consumer list --consumer alice")
def list_consumer(
    consumer: Annotated[str, typer.Option(help="Only this consumer's.")] = "",
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List issued consumer keys, never the keys themselves."""
    answer = _consumer_keys(connect(workspace), consumer)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    _print_consumer(answer.keys)


def get_keys(client: Client, output: Output) -> None:
    """Both kinds; management keys only when the key in use may see them."""
    consumers = _consumer_keys(client, "")
    try:
        management = _management_keys(client)
    except Unauthorised:
        management = management_keys_pb2.ListManagementKeysResponse()
    if output is Output.JSON:
        print_json({"management_keys": plain(management)["keys"], "consumer_keys": plain(consumers)["keys"]})
        return
    _print_management(management.keys)
    _print_consumer(consumers.keys)


def _show_made(answer: Any, output: Output, *, dry_run: bool) -> None:
    """On a terminal the key stands alone on the last line, so that `| tail -1` gets it."""
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_table(
        ("KEY", "FOR", "EXPIRES"),
        [
            (
                getattr(answer.key, "id", "") or getattr(answer.key, "jti", ""),
                getattr(answer.key, "consumer_id", "") or answer.key.name,
                time_text(answer.key.expires_at) or "never",
            )
        ],
        empty="",
    )
    if dry_run:
        print(f"this key would be made ({DRY_RUN})")
        return
    print("This is the only time the key is shown:")
    print(answer.secret)


def _management_keys(client: Client) -> Any:
    return client.whole(client.management_keys.list_management_keys, management_keys_pb2.ListManagementKeysRequest())


def _consumer_keys(client: Client, consumer: str) -> Any:
    request = consumer_keys_pb2.ListConsumerKeysRequest(workspace_id=client.workspace_id, consumer_id=consumer)
    return client.whole(client.consumer_keys.list_consumer_keys, request)


def _print_management(keys: Any) -> None:
    print_table(
        ("MANAGEMENT KEY", "NAME", "ROLE", "WORKSPACES", "ENDS IN", "CREATED", "EXPIRES", "REVOKED"),
        [
            (
                each.id,
                each.name,
                word(management_keys_pb2.Role, each.role),
                ", ".join(each.workspace_ids) or "all",
                f"…{each.last_four.lstrip('…')}",
                time_text(each.created_at),
                time_text(each.expires_at) or "never",
                time_text(each.revoked_at),
            )
            for each in keys
        ],
        empty="no management keys that this key may see",
    )


def _print_consumer(keys: Any) -> None:
    print_table(
        ("CONSUMER KEY", "CONSUMER", "NAME", "STATE", "CREATED", "EXPIRES", "REVOKED"),
        [
            (
                each.jti,
                each.consumer_id,
                each.name,
                word(consumer_keys_pb2.ConsumerKeyState, each.state).lower(),
                time_text(each.created_at),
                time_text(each.expires_at),
                " ".join(filter(None, (time_text(each.revoked_at), each.revoked_reason))),
            )
            for each in keys
        ],
        empty="no consumer keys",
    )
