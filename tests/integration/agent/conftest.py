"""A simulated control plane behind real wires, a provider, and a host for the agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from liaison_agent.clocks import SystemClock
from tests.fakes.control_plane import ControlPlaneSimulator
from tests.fakes.control_plane_server import Served, serving
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.integration.agent.host import Host
from tests.integration.dataplane.plane import jwks_of


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedUpstream]:
    upstream = ScriptedUpstream()
    await upstream.start()
    yield upstream
    await upstream.stop()


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector) as client:
        host = Host(tmp_path / "state", client)
        yield host
        await host.clear()


@pytest.fixture
async def served(host: Host, provider: ScriptedUpstream) -> AsyncIterator[Served]:
    simulator = ControlPlaneSimulator(SystemClock(), bytes(32))
    simulator.origin = f"http://127.0.0.1:{provider.port}"
    simulator.put_value("gatekeeper_keys", jwks_of(host.key), event=False)
    simulator.put("ann", {"version": "consumer/v1", "consumer_id": "ann"}, event=False)
    async with serving(simulator) as served:
        yield served


def document(provider: ScriptedUpstream, *ports: int, model: str = "fast") -> dict[str, Any]:
    """A workspace document with a listener a port."""
    backend = {"name": "one", "base_url": f"http://127.0.0.1:{provider.port}/v1", "api_key": "secret://one@1"}
    return {
        "version": "v0.3",
        "listeners": [{"name": f"l{port}", "address": "127.0.0.1", "port": port} for port in ports],
        "providers": {"models": [{"name": model, "backend_refs": [backend]}]},
        "routing": {"modelCards": [{"name": model}]},
    }
