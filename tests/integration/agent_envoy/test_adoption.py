"""A killed agent leaves Envoy serving; the next one finds it, and sends only what differs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest

from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.processes import EnvoyProcess
from liaison_agent.envoy.supervisor import Supervisor
from liaison_agent.state import Resource, ResourceSet
from liaison_agent.xds.streams import Stream
from tests.integration.agent_envoy import agent_process
from tests.integration.agent_envoy.conftest import Get, NewGateway
from tests.integration.agent_envoy.envoy_resources import Resources
from tests.integration.agent_envoy.upstreams import Upstream
from tests.ports import free_port


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
    new_gateway: NewGateway, make: Resources, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    initial = ResourceSet([make.answering_listener("front", port, "hello")])
    first = new_gateway()
    await first.start(initial)
    pid = first.pid
    assert pid is not None
    await first.leave()
    os.kill(pid, signal.SIGSTOP)
    patient = Supervisor._comes_up

    async def impatient_with_the_hung_one(supervisor: Supervisor, process: EnvoyProcess) -> bool:
        seconds = 0.5 if process.pid == pid else None  # a new one has all the time that it is given
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await patient(supervisor, process)
        return False

    monkeypatch.setattr(Supervisor, "_comes_up", impatient_with_the_hung_one)
    second = new_gateway()
    await second.start(initial)

    assert second.pid != pid
    assert await get(port) == (200, "hello")
