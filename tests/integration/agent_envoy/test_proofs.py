"""Nothing is claimed that was not seen in this Envoy, whatever happens to it on the way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from google.protobuf.descriptor_pool import DescriptorPool

from liaison_agent.envoy.admin import AdminClient
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.packing import DescriptorPacker
from liaison_agent.envoy.readback import ReadBack
from liaison_agent.gateway import EnvoyGateway
from liaison_agent.ports import GatewayUnavailable
from liaison_agent.state import ResourceSet
from tests.integration.agent_envoy.conftest import Get, NewGateway, until_answered
from tests.integration.agent_envoy.envoy_resources import Resources
from tests.ports import free_port


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
            with contextlib.suppress(ProcessLookupError):  # it is gone, which is noticed a moment later
                os.kill(gateway.pid, signal.SIGKILL)
        await asyncio.sleep(0)
