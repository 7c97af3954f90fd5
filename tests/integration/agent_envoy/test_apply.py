"""What is applied is acknowledged, read back, and serves."""

from __future__ import annotations

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
