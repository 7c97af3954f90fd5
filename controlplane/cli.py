"""The control plane's own commands: serve, migrate, bootstrap, backup, restore."""

from __future__ import annotations

import gc
import json
import logging
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from controlplane.bootstrap import ControlPlane, control_plane
from controlplane.domain.callers import Role
from controlplane.domain.errors import DomainError
from controlplane.recovery import begin_epoch, restore_backup, save_backup
from controlplane.security.certificates import CertificateError
from controlplane.security.cipher import CannotOpen
from controlplane.security.keyring import MasterKeyError
from controlplane.server import serve as serve_until_stopped
from controlplane.services.management_keys import CreateManagementKey
from controlplane.settings import Settings, SettingsError, load_settings
from controlplane.store import BadBackup, BadStoreUrl, SchemaTooNew, StoreInUse, migrate, pending

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="The AgentRouter control plane."
)

Home = Annotated[Path | None, typer.Option(help="Where state is kept (AGENTROUTER_HOME; default ./.agentrouter).")]
Database = Annotated[
    str | None, typer.Option(help="sqlite:///PATH or postgresql://… (AGENTROUTER_DATABASE_URL; default: under home).")
]
LONGEST_KEY_NAME = 200  # as the API has it
KNOWN = (
    SettingsError,
    MasterKeyError,
    CannotOpen,
    CertificateError,
    StoreInUse,
    SchemaTooNew,
    BadStoreUrl,
    BadBackup,
    DomainError,
    OSError,
)


@app.command()
def serve(
    home: Home = None,
    database_url: Database = None,
    grpc_address: Annotated[str | None, typer.Option(help="host:port for gRPC (default 127.0.0.1:12580).")] = None,
    http_address: Annotated[str | None, typer.Option(help="host:port for HTTP (default 127.0.0.1:12581).")] = None,
    insecure: Annotated[bool | None, typer.Option("--insecure", help="Allow plain text beyond loopback.")] = None,
    tls_cert_file: Annotated[
        Path | None, typer.Option(help="PEM chain for both ports, the server's certificate first, its CA last.")
    ] = None,
    tls_key_file: Annotated[Path | None, typer.Option(help="PEM private key that belongs to it, unencrypted.")] = None,
    bootstrap_key: Annotated[
        str, typer.Option(hidden=True, help="For `agentrouter run`, which ends these keys: begin with `bootstrap`.")
    ] = "",
) -> None:
    """Serve the API on both ports until stopped.

    Example: python -m controlplane serve --home /var/lib/agentrouter
    """
    settings = _settings(
        home=home,
        database_url=database_url,
        grpc_address=grpc_address,
        http_address=http_address,
        insecure=insecure,
        tls_cert_file=tls_cert_file,
        tls_key_file=tls_key_file,
    )
    if settings.insecure:
        logging.warning("--insecure: tokens and configurations travel in plain text; keep this network to yourself")
    _refuse_pending(settings)
    _collect_seldom()
    _serve(settings, bootstrap_key)


@app.command("migrate")
def migrate_database(home: Home = None, database_url: Database = None) -> None:
    """Bring the database to the newest schema.

    Example: python -m controlplane migrate --database-url postgresql://agentrouter@db/agentrouter
    """
    settings = _settings(home=home, database_url=database_url)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        done = migrate(settings.store_url)
    except KNOWN as error:
        _fail(error)
    typer.echo("\n".join(f"applied {revision}" for revision in done) or "nothing to do")


@app.command()
def bootstrap(
    home: Home = None,
    database_url: Database = None,
    key_name: Annotated[str, typer.Option(help="The new key's name, for people.")] = "bootstrap",
    role: Annotated[str, typer.Option(help="viewer, operator or admin.")] = "admin",
    lifetime: Annotated[
        int | None, typer.Option(min=1, max=10**11, help="Seconds the key lives; default until revoked.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="A tenant that lost its last admin key, by name; it gets one.")] = "",
    output: Annotated[str, typer.Option(help="text or json.")] = "text",
) -> None:
    """Make the default tenant and workspace if missing, and a management key that is shown once.

    Example: python -m controlplane bootstrap --output json
    """
    if role.upper() not in Role.__members__:
        raise typer.BadParameter("must be viewer, operator or admin", param_hint="--role")
    if output not in ("text", "json"):
        raise typer.BadParameter("must be text or json", param_hint="--output")
    if not 0 < len(key_name) <= LONGEST_KEY_NAME:
        raise typer.BadParameter(f"must have 1 to {LONGEST_KEY_NAME} characters", param_hint="--key-name")
    settings = _settings(home=home, database_url=database_url)
    living = timedelta(seconds=lifetime) if lifetime is not None else None
    made = _run(_bootstrap_alone(settings, CreateManagementKey(key_name, Role[role.upper()], lifetime=living), tenant))
    if output == "json":
        typer.echo(json.dumps(made))
        return
    typer.echo("\n".join(f"{name}: {value}" for name, value in made.items()))
    typer.echo("The management key is shown this once; keep it safe.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The new file; one that exists is never overwritten.")],
    home: Home = None,
    database_url: Database = None,
) -> None:
    """Save the whole database into one file, also while the control plane runs.

    Example: python -m controlplane backup agentrouter-2026-11-20.backup
    """
    settings = _settings(home=home, database_url=database_url)
    _say(lambda: save_backup(settings, file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` wrote, on SQLite or on PostgreSQL.")],
    home: Home = None,
    database_url: Database = None,
    replace: Annotated[bool, typer.Option("--replace", help="Lose what the database holds.")] = False,
) -> None:
    """Put a backup into an empty database, in a new epoch; every control plane on it must be stopped.

    Example: python -m controlplane restore agentrouter-2026-11-20.backup
    """
    settings = _settings(home=home, database_url=database_url)
    _say(lambda: restore_backup(settings, file, replace=replace))


@app.command("new-epoch")
def begin_new_epoch(home: Home = None, database_url: Database = None) -> None:
    """After the database went back in time by its own means: begin an epoch, so that data planes take all again.

    Example: python -m controlplane new-epoch --database-url postgresql://agentrouter@db/agentrouter
    """
    settings = _settings(home=home, database_url=database_url)
    _say(lambda: begin_epoch(settings))


def _serve(settings: Settings, bootstrap_key: str) -> None:
    scheme = "https" if settings.tls_cert_file else "http"
    made: dict[str, str] = {}

    def ready(*addresses: str) -> None:
        _say_ready(scheme, *addresses)
        if made:
            print(json.dumps(made), flush=True)

    async def first(plane: ControlPlane) -> None:
        """A port that is taken has ended the process by now: no key is left of a start that failed."""
        if bootstrap_key:
            made.update(await _bootstrap(plane, CreateManagementKey(bootstrap_key, Role.ADMIN)))

    _run(serve_until_stopped(settings, ready, first=first))


def _say(work: Callable[[], str]) -> None:
    try:
        typer.echo(work())
    except KNOWN as error:
        _fail(error)


async def _bootstrap_alone(settings: Settings, command: CreateManagementKey, tenant: str) -> dict[str, str]:
    async with control_plane(settings) as plane:
        if not tenant:
            return await _bootstrap(plane, command)
        created = await plane.management_keys.regain(tenant, command)
        return {
            "tenant_id": created.key.tenant_id,
            "management_key": created.secret.plaintext,
            "key_id": created.key.id,
        }


async def _bootstrap(plane: ControlPlane, command: CreateManagementKey) -> dict[str, str]:
    workspace = await plane.workspaces.ensure_default("default", "default")
    created = await plane.management_keys.bootstrap(workspace.tenant_id, command)
    return {
        "tenant_id": workspace.tenant_id,
        "workspace_id": workspace.id,
        "management_key": created.secret.plaintext,
        "key_id": created.key.id,
    }


def main() -> None:
    """Entry point of `python -m controlplane`."""
    app()


def _settings(**overrides: Any) -> Settings:
    try:
        settings = load_settings(**overrides)
    except SettingsError as error:
        _fail(error, status=2)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # That a task still ran at its next time, or was to begin at the end, is normal; what it raises is logged by us.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    return settings


def _refuse_pending(settings: Settings) -> None:
    """SQLite migrates by itself at the start; PostgreSQL, which others may be using, only when asked."""
    if settings.store_url.startswith("sqlite"):
        return
    try:
        missing = pending(settings.store_url)
    except KNOWN as error:
        logging.warning("the schema cannot be checked yet: %s", error)
        return
    if missing:
        raise SystemExit(
            f"the database lacks {len(missing)} migration(s): run `agentrouter admin migrate-database` first"
        )


def _collect_seldom() -> None:
    """Ten thousand hanging polls are a million objects that stay: looking through them all the time finds nothing and
    makes everybody wait."""
    gc.freeze()  # what was imported stays, too
    gc.set_threshold(50_000, 20, 100)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return uvloop.run(work)
    except KNOWN as error:
        _fail(error)


def _fail(error: Exception, status: int = 1) -> Any:
    typer.echo(f"error: {error}", err=True)
    raise typer.Exit(status)


def _say_ready(scheme: str, grpc_address: str, http_address: str) -> None:
    logging.info("ready: gRPC on %s, HTTP on %s://%s", grpc_address, scheme, http_address)
