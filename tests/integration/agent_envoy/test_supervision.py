"""One Envoy, kept running: restarted with what was good, never two, its files private, its faults said clearly."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from liaison_agent.envoy.admin import AdminClient
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.supervisor import Supervisor
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.ports import GatewayUnavailable, StartRefused
from liaison_agent.state import ResourceSet
from tests.integration.agent_envoy.conftest import Get, NewGateway, until_answered
from tests.integration.agent_envoy.envoy_resources import Resources
from tests.ports import free_port


async def another_envoy(gateway: EnvoyGateway, killed: int) -> None:
    async with asyncio.timeout(60):
        while gateway.pid in (None, killed):  # noqa: ASYNC110 - another process makes it so
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

    await another_envoy(gateway, killed)  # a killed one may still answer for a moment
    await until_answered(get, port, "good")


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
    async with asyncio.timeout(60):
        await back.wait()

    await supervisor.stop(timedelta(0))
    assert pauses[:7] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert pids[1] is None
    assert pids[2] not in (None, pids[0])


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


async def test_a_listener_whose_port_was_taken_while_envoy_was_away_comes_back_with_the_port(
    new_gateway: NewGateway, make: Resources, get: Get
) -> None:
    port, other = free_port(), free_port()
    initial = ResourceSet([make.answering_listener("a", port, "a"), make.answering_listener("b", other, "b")])
    gateway = new_gateway()
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(StartRefused, match=f"a: cannot bind '127.0.0.1:{port}'"):
            await gateway.start(initial)
        meanwhile = await get(other)

    await until_answered(get, port, "a")

    assert meanwhile == (200, "b")
    assert gateway.running() == initial


async def test_a_stop_leaves_nothing_behind(gateway: EnvoyGateway, options: EnvoyOptions) -> None:
    await gateway.start(ResourceSet())

    await gateway.stop(drain=timedelta(0))

    left = (options.pid_file, options.admin_socket, options.ads_socket, options.shared_memory)
    assert [path for path in left if path.exists()] == []
