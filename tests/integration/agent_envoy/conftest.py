"""A real Envoy for each test: gateways on state folders of their own, all ended with the test."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from google.protobuf.descriptor_pool import DescriptorPool

from liaison_agent.envoy.descriptors import find_envoy_binary, load_descriptor_pool
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.gateway import EnvoyGateway
from tests.integration.agent_envoy.envoy_resources import Resources
from tests.integration.agent_envoy.upstreams import Upstream

Get = Callable[..., Awaitable[tuple[int, str]]]
NewGateway = Callable[..., EnvoyGateway]


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> DescriptorPool:
    return load_descriptor_pool(find_envoy_binary(), tmp_path_factory.mktemp("descriptors"))


@pytest.fixture(scope="session")
def make(pool: DescriptorPool) -> Resources:
    return Resources(DescriptorPacker(pool))


@pytest.fixture
def options(tmp_path: Path) -> EnvoyOptions:
    return EnvoyOptions(tmp_path / "state", "dp-test", find_envoy_binary())


@pytest.fixture
async def new_gateway(pool: DescriptorPool, options: EnvoyOptions) -> AsyncIterator[Callable[..., EnvoyGateway]]:
    """Makes gateways, on the test's state folder unless told otherwise."""
    made: list[EnvoyGateway] = []

    def make_one(on: EnvoyOptions = options, **more: Any) -> EnvoyGateway:
        made.append(EnvoyGateway(on, pool, clock=time.monotonic, now=lambda: datetime.now(UTC), **more))
        return made[-1]

    yield make_one
    for gateway in reversed(made):
        await gateway.stop(drain=timedelta(0))


@pytest.fixture
def gateway(new_gateway: Callable[..., EnvoyGateway]) -> EnvoyGateway:
    return new_gateway()


@pytest.fixture
async def get() -> AsyncIterator[Get]:
    """GET a port of this machine: status and body; status 0 when nobody listens there."""
    async with aiohttp.ClientSession() as session:

        async def call(port: int, **headers: str) -> tuple[int, str]:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get(f"http://127.0.0.1:{port}/", headers=named) as response:
                    return response.status, await response.text()
            return 0, ""

        yield call


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    app = web.Application()
    app.router.add_get("/", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    made.finish.set()
    await runner.cleanup()


async def until_answered(get: Get, port: int, answer: str, **headers: str) -> None:
    async with asyncio.timeout(60):
        while await get(port, **headers) != (200, answer):  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.02)
