"""Options that several commands share, and the client they all start from."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agentrouter_cli.output import Output
from agentrouter_cli.product import find_product

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

    from agentrouter_cli.client import Client

_LIFETIME: Final = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

WorkspaceOption = Annotated[
    str | None,
    typer.Option("--workspace", "-w", help="Workspace id; default AGENTROUTER_WORKSPACE, else the run's own."),
]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="A table for people or JSON for programs.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen; nothing is changed.")]
UserOption = Annotated[str, typer.Option("--user", "-u", help="Consumer id; without it the workspace's document.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept with the version.")]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the proof of the data planes.")]
TimeoutOption = Annotated[float, typer.Option("--timeout", help="Seconds to wait at most.", min=0)]
FilesOption = Annotated[
    list[str], typer.Option("--file", "-f", help="YAML or JSON file, or - for standard input; may be given repeatedly.")
]


def connect(workspace: str | None = None) -> Client:
    """A client of the running product that the environment points to."""
    from agentrouter_cli.client import Client  # heavy: what asks no product does without it

    product = find_product(os.environ)
    return Client(replace(product, workspace_id=workspace) if workspace else product)


def parse_lifetime(text: str) -> timedelta:
    """`90m`, `24h`, `30d`. A wrong one is a usage error."""
    found = _LIFETIME.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no lifetime; write for instance 90m, 24h or 30d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def duration_of(lifetime: timedelta | None) -> Duration | None:
    """As requests carry it; None stays None, which is the server's default."""
    if lifetime is None:
        return None
    from google.protobuf.duration_pb2 import Duration

    duration = Duration()
    duration.FromTimedelta(lifetime)
    return duration
