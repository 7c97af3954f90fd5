"""`upgrade`: begin, cancel and take back the upgrade of a data plane, and show where it is."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from agentrouter.configurator.v1 import upgrades_pb2
from agentrouter.management.v1 import dataplanes_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.errors import WrongUsage
from agentrouter_cli.options import DryRunOption, OutputOption, WorkspaceOption, connect, parse_lifetime
from agentrouter_cli.output import Output, plain, print_json, print_outcome, print_table, time_text, word

app = typer.Typer(no_args_is_help=True, help="Upgrade data planes: submit, cancel, rollback, status.")

SECRET_VARIABLE: Final = "AGENTROUTER_REGISTRY_SECRET"  # noqa: S105 - a variable's name
DataplaneOption = Annotated[
    str, typer.Option("--dataplane", "-d", help="Its id, dp_…; needed where a workspace has several.")
]


@app.command(
    epilog="Example: agentrouter upgrade submit 1.2.0 --registry registry.example.com --secret-file ./robot.key"
)
def submit(
    target_version: Annotated[str, typer.Argument(help="The version to upgrade to.")],
    registry: Annotated[str, typer.Option(help="Where it is fetched from.")],
    username: Annotated[str, typer.Option(help="Who may fetch it there.")] = "",
    secret_file: Annotated[
        Path | None, typer.Option(help=f"File with the registry's secret; else it is read from {SECRET_VARIABLE}.")
    ] = None,
    lifetime: Annotated[str, typer.Option(help="How long the credentials are good, at most 24h.")] = "24h",
    dataplane: DataplaneOption = "",
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Begin an upgrade. The credentials are sealed at once to the data plane, and wiped when it has them."""
    secret = _secret(secret_file)
    ends = Timestamp()
    ends.FromDatetime(datetime.now(UTC) + parse_lifetime(lifetime))
    client = connect(workspace)
    request = upgrades_pb2.SubmitDataplaneUpgradeCredentialsRequest(
        workspace_id=client.workspace_id,
        dataplane_id=dataplane,
        registry=registry,
        username=username,
        secret=secret,
        target_version=target_version,
        expires_at=None if lifetime == "24h" else ends,
        validate_only=dry_run,
    )
    answer = client.call(client.configurator.submit_dataplane_upgrade_credentials, request)
    would = f"the upgrade to {target_version} would be submitted"
    _say(answer, f"upgrade {answer.upgrade_event_id} is submitted", would, output, dry_run=dry_run)


@app.command(epilog="Example: agentrouter upgrade cancel")
def cancel(
    dataplane: DataplaneOption = "",
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Cancel the running upgrade; nothing happens when it is cancelled or has ended."""
    client = connect(workspace)
    request = upgrades_pb2.CancelDataplaneUpgradeRequest(
        workspace_id=client.workspace_id, dataplane_id=dataplane, validate_only=dry_run
    )
    answer = client.call(client.configurator.cancel_dataplane_upgrade, request)
    phase = word(upgrades_pb2.UpgradePhase, answer.phase)
    _say(answer, f"the upgrade is {phase}", f"the upgrade would be {phase}", output, dry_run=dry_run)


@app.command(epilog="Example: agentrouter upgrade rollback --dataplane dp_01J…")
def rollback(
    dataplane: DataplaneOption = "",
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Go back to the version before; only after a completed upgrade."""
    client = connect(workspace)
    request = upgrades_pb2.RollbackDataplaneUpgradeRequest(
        workspace_id=client.workspace_id, dataplane_id=dataplane, validate_only=dry_run
    )
    answer = client.call(client.configurator.rollback_dataplane_upgrade, request)
    done = f"roll-back {answer.rollback_event_id} is submitted"
    _say(answer, done, "a roll-back would be submitted", output, dry_run=dry_run)


@app.command(epilog="Example: agentrouter upgrade status --output json")
def status(
    dataplane: DataplaneOption = "", workspace: WorkspaceOption = None, output: OutputOption = Output.TABLE
) -> None:
    """Show the latest upgrade of each data plane, or of one."""
    found = [each for each in _dataplanes(connect(workspace)) if dataplane in ("", each.id)]
    upgraded = [each for each in found if each.upgrade.event_id]
    if output is Output.JSON:
        print_json({"upgrades": [{"dataplane_id": each.id, **plain(each.upgrade)} for each in upgraded]})
        return
    print_table(
        ("DATA PLANE", "NAME", "UPGRADE", "PHASE", "TO", "SINCE", "ERROR"),
        [
            (
                each.id,
                each.name,
                each.upgrade.event_id,
                word(upgrades_pb2.UpgradePhase, each.upgrade.phase),
                each.upgrade.target_version,
                time_text(each.upgrade.updated_at),
                each.upgrade.error,
            )
            for each in upgraded
        ],
        empty="no upgrade was ever submitted here",
    )


def _dataplanes(client: Client) -> Any:
    request = dataplanes_pb2.ListDataplanesRequest(workspace_id=client.workspace_id)
    return client.whole(client.dataplanes.list_dataplanes, request).dataplanes


def _secret(file: Path | None) -> str:
    """Never from the command line, which every user of the host can read."""
    if file is None:
        secret = os.environ.get(SECRET_VARIABLE, "")
    else:
        try:
            secret = file.expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise WrongUsage(f"--secret-file {file} cannot be read: {problem}") from None
    if not secret:
        raise WrongUsage(f"the registry's secret is missing: give --secret-file or set {SECRET_VARIABLE}")
    return secret


def _say(answer: Any, done: str, would: str, output: Output, *, dry_run: bool) -> None:
    if output is Output.JSON:
        print_json(plain(answer))
    else:
        print_outcome(done, would, dry_run=dry_run)
