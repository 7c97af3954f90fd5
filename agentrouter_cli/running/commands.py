"""The commands that start each process of a run, with the environment each one gets."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from agentrouter_cli.running.children import Command
from agentrouter_cli.running.home import Home
from agentrouter_cli.running.ports import HOST, Ports

CONTROLPLANE: Final = "control plane"
AGENT: Final = "agent"
DEMO_PROVIDER: Final = "demo provider"
LOOPBACK: Final = "AGENTROUTER_ALLOW_LOOPBACK_UPSTREAMS"

KEY_VARIABLES: Final = "AGENTROUTER_KEY_VARIABLES"

# A child needs none of the operator's own credentials.
_WITHHELD: Final = ("OPENAI_API_KEY", "AGENTROUTER_KEY", "AGENTROUTER_KEY_FILE", "AGENTROUTER_URL")


def controlplane_environment(home: Home, ports: Ports, environment: Mapping[str, str]) -> dict[str, str]:
    """Loopback upstreams are allowed: this is one machine."""
    return {
        **_child_environment(environment),
        "AGENTROUTER_HOME": str(home.folder),
        "AGENTROUTER_GRPC_ADDRESS": f"{HOST}:{ports.grpc}",
        "AGENTROUTER_HTTP_ADDRESS": f"{HOST}:{ports.http}",
        LOOPBACK: "true",
    }


def controlplane_command(home: Home, ports: Ports, environment: Mapping[str, str]) -> Command:
    """`python -m controlplane serve`."""
    return Command(
        name=CONTROLPLANE,
        arguments=[*python_module("controlplane"), "serve"],
        environment=controlplane_environment(home, ports, environment),
        log=home.logs / "controlplane.log",
        patience=timedelta(seconds=15),
    )


def agent_command(
    home: Home, control_plane: str, offset: int, join_token: str, environment: Mapping[str, str]
) -> Command:
    """`python -m liaison_agent`. The join token, which it needs until it has an identity, is not for `ps` to show."""
    place = ["--control-plane", control_plane, "--protocol", "connect"]
    options = [*place, "--state", str(home.agent_state), "--port-offset", str(offset)]
    child = {**_agents_environment(environment), "AGENTROUTER_HOME": str(home.folder), LOOPBACK: "true"}
    if join_token:
        child["AGENTROUTER_JOIN_TOKEN"] = join_token
    return Command(
        name=AGENT,
        arguments=[*python_module("liaison_agent"), *options],
        environment=child,
        log=home.logs / "agent.log",
        patience=timedelta(seconds=45),
    )


def demo_command(home: Home, port: int, environment: Mapping[str, str]) -> Command:
    """`python -m agentrouter_cli.demo_provider`."""
    return Command(
        name=DEMO_PROVIDER,
        arguments=[*python_module("agentrouter_cli.demo_provider"), "--port", str(port)],
        environment=_child_environment(environment),
        log=home.logs / "demo-provider.log",
        patience=timedelta(seconds=5),
    )


def python_module(name: str) -> list[str]:
    """The same Python as this one."""
    return [sys.executable, "-m", name]


def binaries_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder of the product's commands; None when they are found on PATH anyway."""
    folder = Path(sys.executable).parent
    return None if str(folder) in environment.get("PATH", "").split(":") else folder


def _agents_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """With the provider keys that documents may name, which are listed for just that."""
    listed = {entry.strip().partition("=")[0] for entry in environment.get(KEY_VARIABLES, "").split(",")}
    named = {name: value for name, value in environment.items() if name.removesuffix("_FILE") in listed}
    return {**_child_environment(environment), **named}


def _child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if name not in _WITHHELD}
    return {**kept, "PYTHONUNBUFFERED": "1"}
