"""`run`: the whole product in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from agentrouter_cli.errors import CliError
from agentrouter_cli.run_file import HOME_VARIABLE, home_folder
from agentrouter_cli.running.children import ChildFailed
from agentrouter_cli.running.envoy import living_envoy
from agentrouter_cli.running.home import Home
from agentrouter_cli.running.ports import Ports, choose_ports, require_free
from agentrouter_cli.running.product import RunningProduct


def run(
    grpc_port: Annotated[int | None, typer.Option(help="gRPC; default 12580 + offset.", min=1, max=65535)] = None,
    http_port: Annotated[int | None, typer.Option(help="HTTP; default 12581 + offset.", min=1, max=65535)] = None,
    gateway_port: Annotated[
        int | None, typer.Option(help="Gateway; default the document's (12582) + offset.", min=1, max=65535)
    ] = None,
    port_offset: Annotated[int, typer.Option(help="Shifts every port that is not given.", min=0, max=50_000)] = 0,
    home: Annotated[
        Path | None, typer.Option(help="Where state is kept; default AGENTROUTER_HOME, else ./.agentrouter.")
    ] = None,
) -> None:
    """Run the whole product in the foreground until Ctrl-C.

    Control plane, agent, Envoy and, without OPENAI_API_KEY, a demo provider. What a run leaves in its home, the next
    one finds again. For scripts, run.json in the home says where everything is while the run lives.
    """
    environment = dict(os.environ)
    if home is not None:
        environment[HOME_VARIABLE] = str(home)
    place = Home(home_folder(environment))
    ports = choose_ports(grpc_port, http_port, gateway_port, port_offset)
    with place.held():
        _require_free(place, ports)
        try:
            asyncio.run(_serve(RunningProduct(place, ports, environment, _say, time.monotonic)))
        except ChildFailed as problem:
            raise CliError(str(problem)) from None
    _say("stopped")


async def _serve(product: RunningProduct) -> None:
    stopped, hurried = asyncio.Event(), asyncio.Event()

    def stop() -> None:
        (hurried if stopped.is_set() else stopped).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    await product.run(stopped, hurried)


def _require_free(place: Home, ports: Ports) -> None:
    wanted = [("--grpc-port", ports.grpc), ("--http-port", ports.http)]
    if not living_envoy(place):  # one that a killed run left behind serves on, and is taken over with its port
        listener_port = place.memory().listener_port or ports.first_listener_port
        wanted.append(("--gateway-port", ports.gateway or ports.gateway_for(listener_port)))
    require_free(wanted)


def _say(line: str) -> None:
    """Nobody listening any more, as in `agentrouter run | head`, is no reason to stop serving."""
    with contextlib.suppress(OSError):
        print(line, flush=True)
