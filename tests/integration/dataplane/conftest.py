"""One data plane a test module: three scripted providers, some broken ones, and consumers with and without a list."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from contract.egress import EgressPolicy
from liaison_agent.compiler.compilation import compile_gateway
from liaison_agent.compiler.options import GatewayOptions
from liaison_agent.envoy.descriptors import find_envoy_binary, load_descriptor_pool
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.state import Desired
from tests.fakes.certificates import Authority
from tests.fakes.compiling import WORKSPACE, configuration, consumer
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.integration.dataplane.plane import ADDRESSES, Plane, SigningKey, jwks_of

SECRETS = {"secret://alpha@1": "KEY-ALPHA", "secret://beta@4": "KEY-BETA", "secret://tls@1": "KEY-TLS"}


def document(port: int, impatient_port: int, ports: dict[str, int]) -> dict[str, Any]:
    """The workspace document of these tests. `lost` and `dark` are places that nobody serves."""
    alpha = {"name": "alpha", "base_url": f"http://127.0.0.1:{ports['alpha']}/v1", "api_key": "secret://alpha@1"}
    beta = {
        "name": "beta",
        "type": "azure-openai",
        "base_url": f"http://127.0.0.1:{ports['beta']}/deploy",
        "api_key": "secret://beta@4",
        "api_version": "2024-06-01",
        "extra_headers": {"X-Team": "50% red", "X-Trace": "beta"},
    }
    gamma = {"name": "gamma", "endpoint": f"127.0.0.1:{ports['gamma']}"}
    lost = {"name": "lost", "endpoint": f"127.0.0.1:{ports['lost']}"}
    dark = {"name": "dark", "endpoint": "nowhere.invalid:80"}
    models: dict[str, tuple[str | None, list[dict[str, Any]]]] = {
        "fast": ("fast-2026", [alpha, beta, gamma]),
        "pair": ("pair-1", [beta, alpha]),
        "bare-second": ("bare-1", [beta, gamma]),
        "open": (None, [gamma]),
        "after-lost": ("m", [lost, alpha]),
        "after-dark": ("m", [dark, alpha]),
        "only-lost": (None, [lost]),
        "only-dark": (None, [dark]),
        "org/named": ('quo"ted', [alpha]),
        "locked": (None, [{**alpha, "api_key": "secret://undelivered@1"}]),
        "secure": (
            None,
            [{"name": "s", "base_url": f"https://localhost:{ports['secure']}/v1", "api_key": "secret://tls@1"}],
        ),
        "impostor": (None, [{"name": "i", "base_url": f"https://127.0.0.1:{ports['secure']}/v1"}]),
    }
    return {
        "version": "v0.3",
        "listeners": [
            {"name": "main", "address": "127.0.0.1", "port": port},
            {"name": "impatient", "address": "127.0.0.1", "port": impatient_port, "timeout": "0.3s"},
        ],
        "providers": {"models": [_model(name, *served) for name, served in models.items()]},
        "routing": {"modelCards": [{"name": name} for name in models]},
    }


def _model(name: str, upstream_name: str | None, backends: list[dict[str, Any]]) -> dict[str, Any]:
    weighed = [{**backend, "weight": len(backends) - place} for place, backend in enumerate(backends)]
    return {"name": name, "backend_refs": weighed, **({"provider_model_id": upstream_name} if upstream_name else {})}


@pytest.fixture(scope="session")
def packer(tmp_path_factory: pytest.TempPathFactory) -> DescriptorPacker:
    return DescriptorPacker(load_descriptor_pool(find_envoy_binary(), tmp_path_factory.mktemp("descriptors")))


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def started(
    tmp_path_factory: pytest.TempPathFactory, free_ports: Callable[[int], list[int]], authority: Authority
) -> AsyncIterator[Plane]:
    folder = tmp_path_factory.mktemp("plane")
    async with AsyncExitStack() as stack:
        upstreams = {name: ScriptedUpstream() for name in ("alpha", "beta", "gamma", "secure")}
        for name, upstream in upstreams.items():
            await upstream.start(authority.server_context("localhost") if name == "secure" else None)
            stack.push_async_callback(upstream.stop)
        port, impatient_port, lost = free_ports(3)
        ports = {**{name: upstream.port for name, upstream in upstreams.items()}, "lost": lost}
        key = SigningKey()
        desired = Desired(
            WORKSPACE,
            {
                "": configuration("", document(port, impatient_port, ports)),
                "everyone": consumer("everyone"),
                "narrow": consumer("narrow", models=["open", "not-there"]),
                "off": consumer("off", enabled=False),
            },
            jwks_of(key),
            SECRETS,
        )
        yield await _serve(stack, folder, desired, key, upstreams, (port, impatient_port), authority)


async def _serve(
    stack: AsyncExitStack,
    folder: Path,
    desired: Desired,
    key: SigningKey,
    upstreams: dict[str, ScriptedUpstream],
    ports: tuple[int, int],
    authority: Authority,
) -> Plane:
    pool = load_descriptor_pool(find_envoy_binary(), folder)
    packer = DescriptorPacker(pool)
    trust_store = str(authority.write(folder / "authorities.pem"))
    options = GatewayOptions(str(folder / "access.log"), trust_store, EgressPolicy(allow_loopback=True))
    compiled = compile_gateway(desired, packer=packer, options=options, addresses=ADDRESSES)
    envoy = EnvoyOptions(folder / "state", "dp-test", find_envoy_binary())
    gateway = EnvoyGateway(envoy, pool, clock=time.monotonic, now=lambda: datetime.now(UTC))
    await gateway.start(compiled.resources)

    async def stop() -> None:
        await gateway.stop(drain=timedelta(0))

    stack.push_async_callback(stop)
    client = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=100)))
    return Plane(gateway, packer, options, desired, key, upstreams, client, *ports, compiled)


@pytest.fixture
def plane(started: Plane) -> Plane:
    """The module's data plane, its providers fresh."""
    started.reset()
    return started
