"""Under pressure the control plane says so, on every wire: RESOURCE_EXHAUSTED, and when to come again."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest

from agentrouter.configurator.v1 import events_pb2 as events
from controlplane.services import group_commits
from controlplane.store import sqlite
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import Refused

PLACES = 10  # writers at once, of the store as it is opened here


async def test_a_writer_who_finds_no_place_is_told_to_come_again(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tenant.running.plane.store
    async with contextlib.AsyncExitStack() as everybody:
        for _ in range(PLACES if store.shared else 1):
            await everybody.enter_async_context(store.unit_of_work())

        with monkeypatch.context() as hasty:
            hasty.setattr(sqlite, "BEGIN_WAIT", timedelta(milliseconds=100))
            with pytest.raises(Refused) as refused:
                await tenant.put()

    assert (refused.value.code, refused.value.reason) == ("RESOURCE_EXHAUSTED", "STORE_BUSY")
    assert refused.value.retry_after > timedelta(0)
    assert (await tenant.put()).changed


async def test_a_queue_of_acknowledgements_that_is_too_long_takes_no_more(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, event = await _agent_with_an_event(tenant)
    monkeypatch.setattr(group_commits, "MOST_WAITING", 2)
    request = events.AcknowledgeEventRequest(event_id=event, boot=agent.boot)

    async with tenant.running.plane.store.unit_of_work() as work:
        assert await work.events.get_for_update(event)  # so that the first ones wait until there are too many
        calls = [asyncio.create_task(agent.api(request, agent.token)) for _ in range(12)]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    refused = [each for each in outcomes if isinstance(each, Refused)]
    assert 0 < len(refused) < len(outcomes)
    assert {(each.code, each.reason) for each in refused} == {("RESOURCE_EXHAUSTED", "STORE_BUSY")}
    assert all(each.retry_after > timedelta(0) for each in refused)


async def _agent_with_an_event(tenant: Tenant) -> tuple[Agent, str]:
    agent = await tenant.settled_agent()
    (event,) = (await tenant.put()).event_ids
    return agent, event
