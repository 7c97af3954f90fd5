"""`admin create-tenant`, `admin list-tenants`: for whoever holds a platform key."""

from __future__ import annotations

from typing import Annotated

import typer

from agentrouter.management.v1 import tenants_pb2
from agentrouter_cli.commands.processes import admin_app
from agentrouter_cli.options import DryRunOption, OutputOption, connect
from agentrouter_cli.output import DRY_RUN, Output, plain, print_json, print_table, time_text


@admin_app.command(epilog="Example: agentrouter admin create-tenant acme")
def create_tenant(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and dashes.")],
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Make a tenant with a first workspace, and show its first admin key once. Needs a platform key."""
    client = connect()
    request = tenants_pb2.CreateTenantRequest(name=name, validate_only=dry_run)
    answer = client.call(client.tenants.create_tenant, request)
    if output is Output.JSON:
        print_json(plain(answer))
        return
    if dry_run:
        print(f"tenant {name} would be made ({DRY_RUN})")
        return
    print_table(
        ("TENANT", "NAME", "WORKSPACE"), [(answer.tenant.id, answer.tenant.name, answer.workspace_id)], empty=""
    )
    print("This is the only time its admin key is shown:")
    print(answer.management_key)


@admin_app.command(epilog="Example: agentrouter admin list-tenants")
def list_tenants(output: OutputOption = Output.TABLE) -> None:
    """List the tenant of the key in use; all of them with a platform key."""
    client = connect()
    answer = client.whole(client.tenants.list_tenants, tenants_pb2.ListTenantsRequest())
    if output is Output.JSON:
        print_json(plain(answer))
        return
    rows = [(each.id, each.name, time_text(each.created_at)) for each in answer.tenants]
    print_table(("TENANT", "NAME", "CREATED"), rows, empty="no tenants")
