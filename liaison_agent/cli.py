"""The command `liaison-agent`: one data plane in the foreground."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from liaison_agent.settings import Options, SettingsError, read_settings

_EPILOG = """
Examples:

  liaison-agent --control-plane http://127.0.0.1:12581 --join-token jt-…    (enrol, then serve)

  liaison-agent                                                             (serve with the stored identity)

  liaison-agent --state ./second --port-offset 1000 --join-token jt-…       (a second data plane on this host)

Exit status: 0 stopped by SIGTERM or SIGINT, 2 cannot start, 3 revoked by the control plane.
"""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


StateFolder = Annotated[
    Path | None,
    typer.Option(
        help="Folder for identity, ledger and Envoy [AGENTROUTER_AGENT_STATE; default $AGENTROUTER_HOME/agent, "
        "AGENTROUTER_HOME is .agentrouter by default].",
    ),
]
AllowLoopback = Annotated[
    bool | None,
    typer.Option(help="Let requests go to this host itself [AGENTROUTER_ALLOW_LOOPBACK_UPSTREAMS; default no]."),
]
AllowPrivate = Annotated[
    bool | None,
    typer.Option(help="Let requests go to private addresses [AGENTROUTER_ALLOW_PRIVATE_UPSTREAMS; default no]."),
]
KeyVariables = Annotated[
    list[str] | None,
    typer.Option(
        "--key-variable",
        help="NAME or NAME=https://host; may be repeated. A variable of this machine that documents may name as "
        "api_key_env; its value, or what NAME_FILE holds, goes to no other host "
        "[AGENTROUTER_KEY_VARIABLES, apart by commas].",
    ),
]


@app.command(epilog=_EPILOG)
def run(
    control_plane: Annotated[
        str | None,
        typer.Option(
            help="URL of the control plane [AGENTROUTER_CONTROL_PLANE; default http://127.0.0.1:12581, "
            "with --protocol grpc http://127.0.0.1:12580].",
        ),
    ] = None,
    protocol: Annotated[str | None, typer.Option(help="connect (default) or grpc.")] = None,
    join_token: Annotated[
        str | None,
        typer.Option(
            help="Needed once, to enrol [AGENTROUTER_JOIN_TOKEN, or AGENTROUTER_JOIN_TOKEN_FILE, which other users of "
            "this host cannot see].",
        ),
    ] = None,
    state: StateFolder = None,
    name: Annotated[str | None, typer.Option(help="Name of the data plane, for people; default the host's.")] = None,
    port_offset: Annotated[
        int | None,
        typer.Option(
            help="Added to every listener's port, for a second data plane on one host "
            "[AGENTROUTER_PORT_OFFSET; default 0]."
        ),
    ] = None,
    envoy_concurrency: Annotated[int | None, typer.Option(help="Envoy's worker threads; default 1.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info (default), warning or error.")] = None,
    allow_loopback_upstreams: AllowLoopback = None,
    allow_private_upstreams: AllowPrivate = None,
    ca_file: Annotated[
        Path | None,
        typer.Option(
            help="PEM of the CA to trust for https [AGENTROUTER_CA_FILE; default the CA that the join token names, "
            "else whom this host trusts]."
        ),
    ] = None,
    key_variables: KeyVariables = None,
) -> None:
    """Run a data plane: keep an Envoy on this host at what the control plane wants, and prove it."""
    place = (control_plane, protocol, join_token, state, name, port_offset, envoy_concurrency, log_level)
    options = Options(*place, allow_loopback_upstreams, allow_private_upstreams, ca_file, tuple(key_variables or ()))
    try:
        settings = read_settings(options, os.environ)
    except SettingsError as error:
        _fail(str(error))
    _set_up_log(settings.log_level)
    gc.disable()  # what is made while modules are loaded is no garbage: looking for some takes a tenth of the start
    from liaison_agent.bootstrap import CannotStart, run_agent  # heavy: --help and mistakes are answered without it

    gc.enable()
    try:
        code = asyncio.run(run_agent(settings))
    except CannotStart as error:
        _fail(str(error))
    raise typer.Exit(code)


def _fail(problem: str) -> NoReturn:
    for line in problem.splitlines():
        print(f"liaison-agent: {line}", file=sys.stderr)
    raise typer.Exit(2)


def _set_up_log(level: str) -> None:
    """One line an event to stderr: time (UTC), level, text."""
    formatter = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[handler])


def main() -> None:
    """Entry point."""
    app()
