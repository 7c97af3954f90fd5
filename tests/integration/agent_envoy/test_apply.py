"""What is applied is acknowledged, read back, and serves."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from liaison_agent.gateway import EnvoyGateway
from liaison_agent.state import ResourceSet
from tests.integration.agent_envoy.conftest import Get
from tests.integration.agent_envoy.envoy_resources import Resources, free_port


async def test_the_initial_set_serves_when_start_returns(gateway: EnvoyGateway, make: Resources, get: Get) -> None:
    port = free_port()

    await gateway.start(ResourceSet([make.answering_listener("front", port, "hello")]))

    assert await get(port) == (200, "hello")


async def test_a_change_serves_and_is_proven_when_apply_returns(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    port = free_port()
    await gateway.start(ResourceSet([make.answering_listener("front", port, "old")]))
    wanted = make.answering_listener("front", port, "new")

    outcome = await gateway.apply(ResourceSet([wanted]))

    assert await get(port) == (200, "new")
    assert [(one.name, one.digest) for one in outcome.proven] == [("listener/front", wanted.version)]
    assert outcome.refused == ()
    assert "1.40" in outcome.envoy_version
    assert gateway.running() == ResourceSet([wanted])


async def test_a_changed_secret_is_injected_from_the_next_request_on(gateway: EnvoyGateway, make: Resources) -> None:
    seen: list[str] = []

    async def note(request: web.Request) -> web.Response:
        seen.append(request.headers["x-injected"])
        return web.Response()

    up, port = free_port(), free_port()
    app = web.Application()
    app.router.add_get("/", note)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", up).start()
    around = [make.injecting_cluster("up", up, "platform"), make.proxying_listener("front", port, "up")]
    await gateway.start(ResourceSet([*around, make.secret("platform", "one")]))
    async with aiohttp.ClientSession() as session:
        await session.get(f"http://127.0.0.1:{port}/")

        outcome = await gateway.apply(ResourceSet([*around, make.secret("platform", "two")]))
        await session.get(f"http://127.0.0.1:{port}/")

    await runner.cleanup()
    assert seen == ["one", "two"]
    assert "secret/platform" in {one.name for one in outcome.proven}
