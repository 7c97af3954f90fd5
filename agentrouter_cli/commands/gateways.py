"""What data planes are as gateways: revoked and signing keys, the MCP catalogue, the customer-facing URL, providers."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from agentrouter.configurator.v1 import configurations_pb2, gateways_pb2
from agentrouter.management.v1 import operations_pb2
from agentrouter_cli.options import DryRunOption, OutputOption, WorkspaceOption, connect
from agentrouter_cli.output import DRY_RUN, Output, plain, print_json, print_outcome, print_table

gatekeeper_app = typer.Typer(no_args_is_help=True, help="Signing keys: what data planes know consumer keys by.")
mcp_app = typer.Typer(no_args_is_help=True, help="The catalogue of MCP servers.")


def revoke_consumer(
    jti: Annotated[str, typer.Argument(help="The key's id, ck_…, as `keys consumer list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why, for people.")] = "",
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Revoke a consumer key in every data plane, for good; twice is fine."""
    client = connect(workspace)
    request = gateways_pb2.RevokeUserTokenRequest(
        workspace_id=client.workspace_id, jti=jti, reason=reason, validate_only=dry_run
    )
    answer = client.call(client.configurator.revoke_user_token, request)
    if output is Output.JSON:
        print_json({"jti": jti, **plain(answer)})
        return
    revoked = f"revoked, revision {answer.revision}"
    print_outcome(f"{jti} is {revoked}", f"{jti} would be {revoked}", dry_run=dry_run)


@gatekeeper_app.command(epilog="Example: agentrouter keys gatekeeper rotate")
def rotate(
    dry_run: DryRunOption = False, workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE
) -> None:
    """Add a signing key; consumer keys signed with older ones stay valid until those are retired."""
    client = connect(workspace)
    request = operations_pb2.RotateGatekeeperKeyRequest(workspace_id=client.workspace_id, validate_only=dry_run)
    answer = client.call(client.operations.rotate_gatekeeper_key, request)
    if dry_run and output is Output.TABLE:
        print(f"a signing key would be added, revision {answer.revision} ({DRY_RUN})")
        return
    _print_keys(answer, answer.kid, output)


@gatekeeper_app.command(epilog="Example: agentrouter keys gatekeeper retire gk_01J…")
def retire(
    kid: Annotated[str, typer.Argument(help="The id of an older signing key.")],
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Take an older signing key away; every consumer key that it signed is refused from then on."""
    client = connect(workspace)
    request = operations_pb2.RetireGatekeeperKeyRequest(
        workspace_id=client.workspace_id, kid=kid, validate_only=dry_run
    )
    _print_keys(client.call(client.operations.retire_gatekeeper_key, request), "", output)
    if dry_run and output is Output.TABLE:
        print(f"these would be left ({DRY_RUN})")


@mcp_app.command(epilog="Example: agentrouter mcp upsert files --name Files --url http://files.mcp.svc:8080/mcp")
def upsert(
    server_id: Annotated[str, typer.Argument(metavar="ID", help="The server's id: letters, digits and . _ -")],
    url: Annotated[str, typer.Option(help="Where it listens.")],
    name: Annotated[str, typer.Option(help="Its name; default the id.")] = "",
    description: Annotated[str, typer.Option(help="For people.")] = "",
    category: Annotated[list[str] | None, typer.Option(help="A label to find it by; may be given repeatedly.")] = None,
    requires_auth: Annotated[bool, typer.Option("--requires-auth", help="Callers must authenticate.")] = False,
    enabled: Annotated[bool, typer.Option("--enabled/--disabled", help="Whether it is offered.")] = True,
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Put an MCP server into the catalogue; data planes keep it, this release does not route to it yet."""
    client = connect(workspace)
    request = gateways_pb2.UpsertMCPCatalogServerRequest(
        workspace_id=client.workspace_id,
        id=server_id,
        name=name or server_id,
        url=url,
        description=description,
        categories=category or [],
        requires_auth=requires_auth,
        is_enabled=enabled,
        validate_only=dry_run,
    )
    answer = client.call(client.configurator.upsert_mcp_catalog_server, request)
    if output is Output.JSON:
        print_json({"id": server_id, **plain(answer)})
        return
    entry = f"in the catalogue, revision {answer.revision}"
    print_outcome(f"{server_id} is {entry}", f"{server_id} would be {entry}", dry_run=dry_run)


@mcp_app.command("list", epilog="Example: agentrouter mcp list")
def list_servers(workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE) -> None:
    """List the catalogue as data planes get it."""
    client = connect(workspace)
    request = configurations_pb2.GetConfigurationRequest(workspace_id=client.workspace_id)
    values = client.call(client.configurator.get_configuration, request).values
    servers = [json.loads(each.value) for each in values if each.slot.startswith("mcp/") and not each.tombstone]
    if output is Output.JSON:
        print_json({"servers": servers})
        return
    print_table(
        ("MCP SERVER", "NAME", "URL", "AUTH", "OFFERED", "CATEGORIES"),
        [
            (
                each["id"],
                each["name"],
                each["url"],
                _yes(each["requires_auth"]),
                _yes(each["is_enabled"]),
                ", ".join(each["categories"]),
            )
            for each in sorted(servers, key=lambda each: str(each["id"]))
        ],
        empty="the catalogue is empty; `agentrouter mcp upsert` puts a server into it",
    )


def set_url(
    url: Annotated[str, typer.Argument(help="The gateway's URL as customers see it, https://…")],
    dataplane: Annotated[str, typer.Option(help="Its id, dp_…; needed where the workspace has several.")] = "",
    allow_insecure: Annotated[bool, typer.Option("--allow-insecure", help="Accept http.")] = False,
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Set the customer-facing URL of a data plane."""
    client = connect(workspace)
    request = gateways_pb2.SetDataplaneURLRequest(
        workspace_id=client.workspace_id,
        dataplane_id=dataplane,
        url=url,
        allow_insecure=allow_insecure,
        validate_only=dry_run,
    )
    answer = client.call(client.configurator.set_dataplane_url, request)
    if output is Output.JSON:
        print_json({"url": url, **plain(answer)})
        return
    told = ("; the data plane is told", "; the data plane would be told") if answer.emitted else ("", "")
    print_outcome(f"the URL is {url}{told[0]}", f"the URL would be {url}{told[1]}", dry_run=dry_run)


def providers(workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE) -> None:
    """List the providers that the workspace uses, never their credentials."""
    client = connect(workspace)
    request = configurations_pb2.ListActiveProvidersRequest(workspace_id=client.workspace_id)
    answer = client.call(client.configurator.list_active_providers, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    print_table(
        ("PROVIDER", "MODELS", "CREDENTIAL"),
        [
            (each.name, each.model_count, "resolves" if each.credential_resolves else "none")
            for each in answer.providers
        ],
        empty="no providers; `agentrouter apply -f` a document with some",
    )


def _print_keys(
    answer: operations_pb2.RotateGatekeeperKeyResponse | operations_pb2.RetireGatekeeperKeyResponse,
    signing: str,
    output: Output,
) -> None:
    if output is Output.JSON:
        print_json(plain(answer))
        return
    known = [str(key["kid"]) for key in json.loads(answer.jwks)["keys"]]
    print_table(
        ("SIGNING KEY", ""),
        [(kid, "signs from now on" if kid == signing else "known") for kid in known],
        empty="",
    )


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
