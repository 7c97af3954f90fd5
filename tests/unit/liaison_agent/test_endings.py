"""An agent that is told to end does end, at whatever point of its work that comes."""

from __future__ import annotations

import asyncio

from liaison_agent.memory import HeldEvent
from liaison_agent.ports import ApplyOutcome, Boot, GatewayUnavailable
from liaison_agent.state import ResourceSet
from tests.fakes.agents import World


async def test_an_agent_ends_also_when_it_is_told_to_while_a_renewal_of_its_leases_ends(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    applied, renewing, ending, ended = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    acknowledge, apply = world.control.acknowledge, world.gateway.apply

    async def slow_to_end(event_id: str, boot: Boot) -> HeldEvent:
        if "acknowledge" not in world.control.calls:
            return await acknowledge(event_id, boot)
        renewing.set()
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await ended.wait()
        raise AssertionError("nobody sets the event")

    async def long_apply(wanted: ResourceSet) -> ApplyOutcome:
        await applied.wait()
        return await apply(wanted)

    world.control.acknowledge = slow_to_end  # type: ignore[method-assign]
    world.gateway.apply = long_apply  # type: ignore[method-assign]
    async with world.living() as life:
        await world.until(lambda: world.clock.waiting == 1)
        world.clock.advance(20)
        await renewing.wait()
        applied.set()
        await ending.wait()

        life.cancel()
        await asyncio.sleep(0)
        ended.set()

        await world.until(life.done)


async def test_an_agent_says_that_it_serves_also_when_only_a_second_try_brought_it_there(world: World) -> None:
    world.control.put("", {"models": ["a"]})
    world.gateway.after_push = [GatewayUnavailable("Envoy went away")]

    await world.live_until_idle()

    assert world.statuses == ["serving"]
