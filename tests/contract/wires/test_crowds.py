"""Many agents at once, whose acknowledgements and completions share transactions: each is told its own outcome."""

from __future__ import annotations

import asyncio
from typing import Any

from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1.consumer_keys_pb2 import IssueConsumerKeyRequest
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import Refused

AGENTS = 6


async def crowd(tenant: Tenant) -> list[Agent]:
    """Agents that have everything."""
    await tenant.put()
    agents = [await tenant.enrol() for _ in range(AGENTS)]
    for agent in agents:
        await agent.settle()
    return agents


async def pending_of(agents: list[Agent]) -> list[tuple[Agent, events.Event]]:
    return [(agent, event) for agent in agents for event in await agent.pending()]


async def test_a_crowd_that_works_on_a_change_at_once_has_it_applied_once_each(tenant: Tenant) -> None:
    agents = await crowd(tenant)
    await tenant.trigger(force=True)
    await tenant.noticed()
    work = await pending_of(agents)
    assert len(work) == AGENTS

    twice = [agent.acknowledge(event.id) for agent, event in work for _ in range(2)]
    held = await asyncio.gather(*twice)
    done = await asyncio.gather(*(agent.complete(held[2 * n]) for n, (agent, _) in enumerate(work) for _ in range(2)))

    assert {each.status for each in held} == {events.EVENT_STATUS_ACKNOWLEDGED}
    assert {(each.fencing_token, each.attempt) for each in held} == {(1, 1)}
    assert {each.status for each in done} == {events.EVENT_STATUS_APPLIED}
    for agent in agents:
        shown = await tenant.dataplane(agent)
        assert shown.applied_revision == shown.desired_revision


async def test_several_slots_of_one_agent_at_once_raise_its_watermark_over_all_of_them(tenant: Tenant) -> None:
    (agent, *_) = await crowd(tenant)
    for _ in range(2):
        await tenant.trigger(force=True)
    await tenant.call(IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="somebody"))
    await tenant.noticed()
    held = await asyncio.gather(*(agent.acknowledge(event.id) for event in await agent.pending()))
    assert len(held) == 2

    await asyncio.gather(*(agent.complete(each) for each in reversed(held)))

    shown = await tenant.dataplane(agent)
    assert shown.applied_revision == shown.desired_revision


async def test_one_agents_refusal_is_told_to_it_alone(tenant: Tenant) -> None:
    agents = await crowd(tenant)
    await tenant.trigger(force=True)
    await tenant.noticed()
    work = await pending_of(agents)
    held = await asyncio.gather(*(agent.acknowledge(event.id) for agent, event in work))
    held[2].fencing_token += 1

    outcomes = await asyncio.gather(
        *(agent.complete(each) for (agent, _), each in zip(work, held, strict=True)),
        agents[0].acknowledge(work[1][1].id),  # somebody else's
        return_exceptions=True,
    )

    refused = {place: each.reason for place, each in enumerate(outcomes) if isinstance(each, Refused)}
    assert refused == {2: "FENCING_TOKEN_OLD", AGENTS: "NOT_FOUND"}


async def test_an_acknowledgement_and_a_completion_of_one_event_at_once_keep_their_order(tenant: Tenant) -> None:
    (agent, *_) = await crowd(tenant)
    await tenant.trigger(force=True)
    await tenant.noticed()
    (event,) = await agent.pending()
    held = await agent.acknowledge(event.id)

    outcomes: Any = await asyncio.gather(agent.acknowledge(event.id), agent.complete(held), return_exceptions=True)

    renewed, done = outcomes
    assert done.status == events.EVENT_STATUS_APPLIED
    assert isinstance(renewed, Refused) or renewed.fencing_token == held.fencing_token
