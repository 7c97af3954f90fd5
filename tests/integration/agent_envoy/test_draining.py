"""The graceful end: what is under way ends well, nothing new begins, and there is a deadline."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from liaison_agent.envoy.processes import identify
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.state import ResourceSet
from tests.integration.agent_envoy.conftest import Get
from tests.integration.agent_envoy.envoy_resources import Resources
from tests.integration.agent_envoy.upstreams import Upstream
from tests.ports import free_port


async def test_a_graceful_stop_lets_the_stream_under_way_end_and_takes_no_new_one(
    gateway: EnvoyGateway, make: Resources, upstream: Upstream, get: Get
) -> None:
    port = free_port()
    await gateway.start(ResourceSet([make.cluster("up", upstream.port), make.proxying_listener("front", port, "up")]))
    pid = gateway.pid
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as stream:
        assert await stream.content.readline() == b"first\n"
        stopping = asyncio.create_task(gateway.stop(drain=timedelta(seconds=60)))
        async with asyncio.timeout(60):
            while not await is_closed(port):  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.05)
        upstream.finish.set()

        assert await stream.content.readline() == b"last\n"
    await stopping
    assert gateway.pid is None
    assert pid is not None
    assert identify(pid) is None


async def test_a_stream_that_never_ends_is_cut_at_the_deadline(
    gateway: EnvoyGateway, make: Resources, upstream: Upstream
) -> None:
    port = free_port()
    await gateway.start(ResourceSet([make.cluster("up", upstream.port), make.proxying_listener("front", port, "up")]))
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as stream:
        assert await stream.content.readline() == b"first\n"

        await gateway.stop(drain=timedelta(seconds=0.2))

        with pytest.raises(aiohttp.ClientPayloadError):
            await stream.content.readline()


async def is_closed(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False
