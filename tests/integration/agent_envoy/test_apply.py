"""What is applied is acknowledged, read back, and serves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import aiohttp
from aiohttp import web

from liaison_agent.envoy.admin import AdminClient
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.state import ResourceSet
from tests.integration.agent_envoy.conftest import Get, NewGateway
from tests.integration.agent_envoy.envoy_resources import Resources
from tests.integration.agent_envoy.upstreams import Upstream
from tests.ports import free_port


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

    port = free_port()
    app = web.Application()
    app.router.add_get("/", note)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    up = runner.addresses[0][1]
    around = [make.injecting_cluster("up", up, "platform"), make.proxying_listener("front", port, "up")]
    await gateway.start(ResourceSet([*around, make.secret("platform", "one")]))
    async with aiohttp.ClientSession() as session:
        await session.get(f"http://127.0.0.1:{port}/")

        outcome = await gateway.apply(ResourceSet([*around, make.secret("platform", "two")]))
        await session.get(f"http://127.0.0.1:{port}/")

    await runner.cleanup()
    assert seen == ["one", "two"]
    assert "secret/platform" in {one.name for one in outcome.proven}


async def test_no_request_fails_while_listener_and_upstream_change(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    port, ups = free_port(), [free_port(), free_port()]
    inner = [make.answering_listener(f"inner-{up}", up, str(up)) for up in ups]

    def routed(number: int) -> ResourceSet:
        name = f"up-{number}"
        return ResourceSet([*inner, make.cluster(name, ups[number % 2]), make.proxying_listener("front", port, name)])

    await gateway.start(routed(0))
    answers: list[tuple[int, str]] = []

    async def ask() -> None:
        while True:
            answers.append(await get(port))

    asking = [asyncio.create_task(ask()) for _ in range(4)]
    outcomes = [await gateway.apply(routed(number)) for number in range(1, 11)]
    for task in asking:
        task.cancel()

    assert [outcome.refused for outcome in outcomes] == [()] * 10
    assert {status for status, _ in answers} == {200}
    assert {body for _, body in answers} == {str(up) for up in ups}


async def test_a_stream_goes_on_when_its_cluster_is_removed(
    gateway: EnvoyGateway, make: Resources, upstream: Upstream, get: Get
) -> None:
    port = free_port()
    await gateway.start(ResourceSet([make.cluster("up", upstream.port), make.proxying_listener("front", port, "up")]))
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as stream:
        assert await stream.content.readline() == b"first\n"

        await gateway.apply(ResourceSet([make.answering_listener("front", port, "other")]))
        upstream.finish.set()

        assert await stream.content.readline() == b"last\n"
    assert await get(port) == (200, "other")


async def test_a_removed_cluster_stays_as_long_as_old_connections_may_live(
    gateway: EnvoyGateway, options: EnvoyOptions, make: Resources
) -> None:
    admin = AdminClient(options.admin_socket)
    await gateway.start(ResourceSet([make.cluster("up")]))

    outcome = await gateway.apply(ResourceSet())

    assert (outcome.proven, outcome.refused, gateway.running()) == ((), (), ResourceSet())
    assert len(await admin.config_dump("dynamic_active_clusters", ["up"])) == 1


async def test_a_removed_cluster_goes_by_itself_when_old_connections_have_ended(
    new_gateway: NewGateway, options: EnvoyOptions, make: Resources
) -> None:
    gateway = new_gateway(replace(options, listener_drain=timedelta(seconds=1)))
    admin = AdminClient(options.admin_socket)
    await gateway.start(ResourceSet([make.cluster("up")]))

    await gateway.apply(ResourceSet())

    async with asyncio.timeout(60):
        while await admin.config_dump("dynamic_active_clusters", ["up"]):  # noqa: ASYNC110 - Envoy changes it
            await asyncio.sleep(0.05)
