"""Envoy's life under supervision: adopted, restarted, drained, and never two of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from google.protobuf.descriptor_pool import DescriptorPool

from liaison_agent.envoy.admin import AdminClient
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.envoy.processes import identify
from liaison_agent.envoy.readback import ReadBack
from liaison_agent.envoy.supervisor import Supervisor
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.ports import GatewayUnavailable, StartRefused
from liaison_agent.state import Resource, ResourceSet
from liaison_agent.xds.streams import Stream
from tests.integration.agent_envoy import agent_process
from tests.integration.agent_envoy.conftest import Get
from tests.integration.agent_envoy.envoy_resources import Resources, free_port

NewGateway = Callable[..., EnvoyGateway]


class Upstream:
    """Answers with a first line at once and the last one when told to."""

    def __init__(self) -> None:
        self.port = free_port()
        self.finish = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first\n")
        await self.finish.wait()
        await response.write(b"last\n")
        return response


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    app = web.Application()
    app.router.add_get("/", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", made.port).start()
    yield made
    made.finish.set()
    await runner.cleanup()


async def until_answered(get: Get, port: int, answer: str, **headers: str) -> None:
    async with asyncio.timeout(10):
        while await get(port, **headers) != (200, answer):  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.02)


async def test_an_envoy_that_was_killed_is_started_again_with_the_last_good_set(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    port = free_port()
    await gateway.start(ResourceSet([make.answering_listener("front", port, "old")]))
    await gateway.apply(ResourceSet([make.answering_listener("front", port, "good")]))
    await gateway.apply(ResourceSet([make.cluster("bad", connect_timeout="0s"), *gateway.running().values()]))
    killed = gateway.pid
    assert killed is not None

    os.kill(killed, signal.SIGKILL)

    await until_answered(get, port, "good")
    assert gateway.pid not in (None, killed)


async def test_an_envoy_killed_during_an_apply_gets_it_again_before_it_is_claimed(
    gateway: EnvoyGateway, make: Resources, get: Get
) -> None:
    port = free_port()
    await gateway.start(ResourceSet([make.answering_listener("front", port, "old")]))
    assert gateway.pid is not None
    os.kill(gateway.pid, signal.SIGSTOP)  # so that the push is certainly under way
    applying = asyncio.create_task(gateway.apply(ResourceSet([make.answering_listener("front", port, "new")])))
    await asyncio.sleep(0)

    os.kill(gateway.pid, signal.SIGKILL)
    outcome = await applying

    assert [one.name for one in outcome.proven] == ["listener/front"]
    assert await get(port) == (200, "new")


async def test_a_killed_agent_leaves_envoy_serving_and_the_next_one_adopts_it(
    new_gateway: NewGateway, options: EnvoyOptions, make: Resources, upstream: Upstream
) -> None:
    port = free_port()
    command = [sys.executable, "-m", agent_process.__name__, str(options.state_folder), str(port), str(upstream.port)]
    agent = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert agent.stdout is not None
    pid = int((await agent.stdout.readline()).split()[1])
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as stream:
        assert await stream.content.readline() == b"first\n"
        agent.kill()
        await agent.wait()
        same = ResourceSet([make.cluster("up", upstream.port), make.proxying_listener("front", port, "up")])

        gateway = new_gateway()
        await gateway.start(same)
        outcome = await gateway.apply(same.changed_by([make.cluster("another")]))
        upstream.finish.set()

        assert await stream.content.readline() == b"last\n"
    assert gateway.pid == pid
    assert {one.name for one in outcome.proven} == {"cluster/up", "cluster/another", "listener/front"}


async def test_a_returning_envoy_is_sent_only_what_differs(
    new_gateway: NewGateway, make: Resources, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    front = make.scoped_listener("front", port)
    before = ResourceSet([front, make.cluster("a"), *(make.answering_scope(f"c{n}", "old") for n in range(5))])
    first = new_gateway()
    await first.start(before)
    await first.leave()
    sent: list[str] = []
    push = Stream.push

    def spy(stream: Stream, type_url: str, put: Sequence[Resource], drop: Sequence[str] = ()) -> Any:
        sent.extend([*(one.name for one in put), *(f"-{name}" for name in drop)])
        return push(stream, type_url, put, drop)

    monkeypatch.setattr(Stream, "push", spy)

    second = new_gateway()
    await second.start(before.changed_by([make.answering_scope("c3", "new")], [make.answering_scope("c4", "").key]))

    assert sent == ["c3", "-c4"]
    assert await get(port, x_consumer="c3") == (200, "new")
    assert (await get(port, x_consumer="c4"))[0] == 404


async def test_envoy_is_found_again_without_its_pid_file(
    new_gateway: NewGateway, options: EnvoyOptions, make: Resources
) -> None:
    initial = ResourceSet([make.cluster("a")])
    first = new_gateway()
    await first.start(initial)
    pid = first.pid
    await first.leave()
    options.pid_file.unlink()

    second = new_gateway()
    await second.start(initial)

    assert second.pid == pid


async def test_a_hung_envoy_is_replaced(
    new_gateway: NewGateway, options: EnvoyOptions, make: Resources, get: Get
) -> None:
    port = free_port()
    initial = ResourceSet([make.answering_listener("front", port, "hello")])
    first = new_gateway()
    await first.start(initial)
    pid = first.pid
    assert pid is not None
    await first.leave()
    os.kill(pid, signal.SIGSTOP)

    second = new_gateway(replace(options, answers_within=timedelta(seconds=0.5)))
    await second.start(initial)

    assert second.pid != pid
    assert await get(port) == (200, "hello")


async def test_a_second_agent_on_the_same_state_folder_is_turned_away(new_gateway: NewGateway, make: Resources) -> None:
    await new_gateway().start(ResourceSet())

    with pytest.raises(GatewayUnavailable, match="another agent runs on the state folder"):
        await new_gateway().start(ResourceSet())


async def test_a_port_of_another_data_plane_is_refused_with_a_way_out(
    new_gateway: NewGateway, options: EnvoyOptions, make: Resources, tmp_path: Path
) -> None:
    initial = ResourceSet([make.answering_listener("front", free_port(), "hello")])
    await new_gateway().start(initial)

    with pytest.raises(StartRefused, match=r"in use by another Envoy.*--port-offset"):
        await new_gateway(replace(options, state_folder=tmp_path / "other")).start(initial)


async def test_a_missing_binary_is_said_clearly(new_gateway: NewGateway, options: EnvoyOptions, tmp_path: Path) -> None:
    gateway = new_gateway(replace(options, binary=tmp_path / "nowhere" / "envoy"))

    with pytest.raises(GatewayUnavailable, match=r"Envoy cannot be started: there is no program .*nowhere/envoy"):
        await gateway.start(ResourceSet())


async def test_a_graceful_stop_lets_the_stream_under_way_end_and_takes_no_new_one(
    gateway: EnvoyGateway, make: Resources, upstream: Upstream, get: Get
) -> None:
    port = free_port()
    await gateway.start(ResourceSet([make.cluster("up", upstream.port), make.proxying_listener("front", port, "up")]))
    pid = gateway.pid
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as stream:
        assert await stream.content.readline() == b"first\n"
        stopping = asyncio.create_task(gateway.stop(drain=timedelta(seconds=20)))
        async with asyncio.timeout(10):
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


async def test_the_sockets_and_their_folder_are_private(gateway: EnvoyGateway, options: EnvoyOptions) -> None:
    await gateway.start(ResourceSet())

    assert options.admin_socket.stat().st_mode & 0o777 == 0o600
    assert options.socket_folder.stat().st_mode & 0o777 == 0o700


async def test_a_state_folder_too_deep_for_a_socket_works_all_the_same(
    new_gateway: NewGateway, options: EnvoyOptions, make: Resources, get: Get, tmp_path: Path
) -> None:
    port = free_port()
    deep = replace(options, state_folder=tmp_path / ("deep" * 20) / ("deeper" * 10))

    await new_gateway(deep).start(ResourceSet([make.answering_listener("front", port, "hello")]))

    assert await get(port) == (200, "hello")


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


async def is_closed(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False


async def test_an_envoy_that_does_not_start_is_tried_again_with_growing_pauses(
    options: EnvoyOptions, tmp_path: Path
) -> None:
    wrapper = tmp_path / "envoy"
    working = f'#!/bin/sh\nexec {options.binary} "$@"\n'
    wrapper.write_text(working)
    wrapper.chmod(0o755)
    pauses: list[float] = []
    back = asyncio.Event()

    async def sleep(seconds: float) -> None:
        if seconds >= 0.2:
            pauses.append(seconds)
            if len(pauses) == 7:
                wrapper.write_text(working)
        await asyncio.sleep(0)

    pids: list[int | None] = []

    def on_pid(pid: int | None) -> None:
        pids.append(pid)
        if len(pids) == 3:
            back.set()

    options = replace(options, binary=wrapper)
    admin = AdminClient(options.admin_socket)
    supervisor = Supervisor(options, admin, clock=lambda: 0.0, sleep=sleep, on_pid=on_pid)
    supervisor.prepare()
    await supervisor.start()
    assert supervisor.process is not None
    wrapper.write_text("#!/bin/sh\nexit 1\n")

    supervisor.process.signal(signal.SIGKILL)
    async with asyncio.timeout(20):
        await back.wait()

    await supervisor.stop(timedelta(0))
    assert pauses[:7] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert pids[1] is None
    assert pids[2] not in (None, pids[0])


async def test_a_proof_is_not_given_for_what_envoy_does_not_show(
    gateway: EnvoyGateway, options: EnvoyOptions, make: Resources, pool: DescriptorPool
) -> None:
    port = free_port()
    runs = [
        make.cluster("a"),
        make.routes("profile", "hello"),
        make.answering_scope("c1", "hello"),
        make.scope("c2", "profile"),
        make.scoped_listener("front", port),
    ]
    await gateway.start(ResourceSet(runs))
    read_back = ReadBack(AdminClient(options.admin_socket), DescriptorPacker(pool), timedelta(0))
    claimed = [
        make.cluster("a", port=10),
        make.cluster("b"),
        make.routes("profile", "bye"),
        make.answering_scope("c1", "bye"),
        make.answering_scope("c3", "hello"),
        make.answering_listener("front", port, "bye"),
        make.secret("nowhere", "x"),
        make.keys("nowhere", "x"),
    ]

    faults = await read_back.until_active(claimed)

    assert dict(await read_back.faults(runs)) == {}
    assert {key[1] + ": " + fault for key, fault in faults.items()} == {
        "a: Envoy shows another version",
        "b: Envoy does not show it",
        "profile: Envoy shows another version",
        "c1: Envoy shows other content",
        "c3: Envoy does not show it",
        "front: Envoy shows other content",
        "nowhere: Envoy does not show it",
    }
    assert len(faults) == len(claimed)


async def test_an_envoy_that_dies_for_good_during_an_apply_is_an_error_and_nothing_is_claimed(
    new_gateway: NewGateway, options: EnvoyOptions, make: Resources, get: Get, tmp_path: Path
) -> None:
    """An Envoy that ends whenever it is sent something: the read-back finds nobody, twice."""
    port = free_port()
    gateway = new_gateway()
    before = ResourceSet([make.answering_listener("front", port, "old")])
    await gateway.start(before)
    killing = asyncio.create_task(kill_on_connect(gateway))

    with pytest.raises(GatewayUnavailable):
        await gateway.apply(ResourceSet([make.answering_listener("front", port, "new")]))
    killing.cancel()

    assert gateway.running() == before
    await until_answered(get, port, "old")


async def kill_on_connect(gateway: EnvoyGateway) -> None:
    while True:
        if gateway.pid is not None:
            os.kill(gateway.pid, signal.SIGKILL)
        await asyncio.sleep(0)
