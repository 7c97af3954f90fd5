"""`agentrouter`: puts the commands together and turns every failure into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Final

import typer

from agentrouter_cli.commands import (
    apply,
    audit,
    backends,
    check,
    dataplanes,
    diff,
    events,
    gateways,
    get,
    history,
    keys,
    master_keys,
    migrate,
    processes,
    run,
    schema,
    slots,
    tenants,
    trigger,
    upgrade,
)
from agentrouter_cli.errors import CliError
from agentrouter_cli.options import OutputOption
from agentrouter_cli.output import Output, print_faults, print_json

DEBUG_VARIABLE: Final = "AGENTROUTER_DEBUG"
CA_VARIABLE: Final = "AGENTROUTER_CA_FILE"

app = typer.Typer(
    name="agentrouter",
    help="AgentRouter: one change in one place, proven applied in every gateway.",
    epilog="Start with: agentrouter run. Commands find the running product by themselves; "
    "for another one set AGENTROUTER_URL and AGENTROUTER_KEY or AGENTROUTER_KEY_FILE. "
    "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 product unreachable, 4 key not accepted, "
    "5 stored but not proven in time.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=run.EXAMPLE)(run.run)
app.command(epilog="Example: agentrouter serve", context_settings=processes.PASS_ON)(processes.serve)
processes.admin_app.command(epilog="Example: agentrouter admin create-tenant acme")(tenants.create_tenant)
processes.admin_app.command(epilog="Example: agentrouter admin list-tenants")(tenants.list_tenants)
app.add_typer(processes.admin_app, name="admin")
app.command(epilog=apply.EXAMPLE)(apply.apply)
app.add_typer(get.app, name="get")
app.command(epilog=diff.EXAMPLE)(diff.diff)
app.command(epilog=history.HISTORY_EXAMPLE)(history.history)
app.command(epilog=history.ROLLBACK_EXAMPLE)(history.rollback)
app.command(epilog=check.VALIDATE_EXAMPLE)(check.validate)
app.command(epilog=schema.EXAMPLE)(schema.schema)
app.command(epilog=trigger.EXAMPLE)(trigger.trigger)
app.add_typer(events.app, name="events")
app.command(epilog=slots.RECONCILE_EXAMPLE)(slots.reconcile)
app.command("full-sync", epilog=slots.FULL_SYNC_EXAMPLE)(slots.full_sync)
app.add_typer(keys.app, name="keys")
app.add_typer(backends.app, name="backends")
app.add_typer(dataplanes.app, name="dataplanes")
app.add_typer(upgrade.app, name="upgrade")
app.add_typer(audit.app, name="audit")
keys.app.command("rotate-master", epilog=master_keys.EXAMPLE)(master_keys.rotate_master)
keys.app.command("rotate", hidden=True, epilog=master_keys.EXAMPLE)(master_keys.rotate_master)
app.add_typer(gateways.mcp_app, name="mcp")
app.command(epilog="Example: agentrouter providers")(gateways.providers)
keys.consumer_app.command("revoke", epilog="Example: agentrouter keys consumer revoke ck_01J… --reason lost")(
    gateways.revoke_consumer
)
keys.app.add_typer(gateways.gatekeeper_app, name="gatekeeper")
dataplanes.app.command("set-url", epilog="Example: agentrouter dataplanes set-url https://llm.example.com")(
    gateways.set_url
)
app.command("migrate", epilog=migrate.EXAMPLE)(migrate.migrate_file)
app.command(epilog="Example: agentrouter backup today.backup", context_settings=processes.PASS_ON)(processes.backup)
app.command(epilog="Example: agentrouter restore today.backup", context_settings=processes.PASS_ON)(processes.restore)


@app.callback()
def everywhere(
    ca_file: Annotated[
        Path | None,
        typer.Option(help="PEM of the CA to trust for https [AGENTROUTER_CA_FILE; default whom this host trusts]."),
    ] = None,
) -> None:
    """One change in one place, proven applied in every gateway."""
    if ca_file is not None:
        os.environ[CA_VARIABLE] = str(ca_file)


@app.command("version", epilog="Example: agentrouter version --output json")
def show_version(output: OutputOption = Output.TABLE) -> None:
    """Show the release of this command line."""
    try:
        release = version("agentrouter")
    except PackageNotFoundError:
        release = "unknown (not installed)"
    if output is Output.JSON:
        print_json({"version": release})
    else:
        print(f"agentrouter {release}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; always leaves by SystemExit."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="agentrouter")
    except CliError as problem:
        if problem.faults:
            print_faults(problem.faults)
        print(f"error: {problem.message}", file=sys.stderr)
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as problem:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        kind = type(problem).__name__
        print(f"error: unexpected {kind}: {problem} (set {DEBUG_VARIABLE}=1 for the details)", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
