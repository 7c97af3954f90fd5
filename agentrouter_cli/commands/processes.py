"""`serve`, `backup`, `restore`, `admin …`: commands of the control plane, which this process becomes."""

from __future__ import annotations

import os
import sys

import typer

from agentrouter_cli.command_table import PASS_ON

admin_app = typer.Typer(
    no_args_is_help=True, help="What is done on the control plane's own machine or with a platform key."
)


def serve(ctx: typer.Context) -> None:
    """Run the control plane in the foreground; settings come from AGENTROUTER_* variables.

    Options are passed on to the control plane.
    """
    _become("serve", *ctx.args)


def backup(ctx: typer.Context) -> None:
    """Save the whole database into one new file, also while the control plane runs: backup FILE.

    Works on the database itself, so it needs no key. Options are passed on to the control plane.
    """
    _become("backup", *ctx.args)


def restore(ctx: typer.Context) -> None:
    """Put a backup into an empty database, in a new epoch: restore FILE, or restore FILE --replace.

    Every control plane on the database must be stopped. Options are passed on to the control plane.
    """
    _become("restore", *ctx.args)


@admin_app.command("migrate-database", context_settings=PASS_ON, epilog="Example: agentrouter admin migrate-database")
def migrate_database(ctx: typer.Context) -> None:
    """Bring the database to this release's schema. Options are passed on to the control plane.

    SQLite is brought there by itself; PostgreSQL, which others may be using, only by this command.
    """
    _become("migrate", *ctx.args)


@admin_app.command("new-epoch", context_settings=PASS_ON, epilog="Example: agentrouter admin new-epoch")
def new_epoch(ctx: typer.Context) -> None:
    """Tell every data plane to take everything again, after the database was recovered to an earlier time."""
    _become("new-epoch", *ctx.args)


@admin_app.command(
    context_settings=PASS_ON, epilog="Example: agentrouter admin bootstrap --key-name ops --role admin --output json"
)
def bootstrap(ctx: typer.Context) -> None:
    """Make the default tenant and workspace where absent, and print a fresh management key once.

    Works on the database itself, so it needs no key. Options: --key-name, --role, --lifetime, --output json;
    --tenant NAME for another tenant that lost its last admin key.
    """
    _become("bootstrap", *ctx.args)


def _become(*arguments: str) -> None:
    """Replace this process, so that signals and the exit code are the control plane's own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "controlplane", *arguments])  # noqa: S606 - no shell is wanted
