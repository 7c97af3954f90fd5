"""A data plane's customer-facing URL: what it was installed with, what comes later, and whose it is."""

from __future__ import annotations

import json
from typing import Any

from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.configurator.v1 import slots_pb2 as slots
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import refusal


async def news_of(tenant: Tenant, agent: Agent) -> Any:
    """What a poll brings once everything so far was noticed."""
    await tenant.noticed()
    return await agent.poll()


async def told(tenant: Tenant, agent: Agent) -> list[Any]:
    """The pending events of the slot."""
    return [event for event in (await news_of(tenant, agent)).pending_events if event.slot == "proxy_url"]


async def test_the_first_url_is_no_event_and_a_later_one_is(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()

    async def set_url(url: str) -> bool:
        return bool((await tenant.call(gateways.SetDataplaneURLRequest(workspace_id=tenant.id, url=url))).emitted)

    assert await set_url("https://llm.example.com") is False
    assert await told(tenant, agent) == []
    assert await set_url("https://llm.example.com") is False
    assert await set_url("https://gateway.example.com") is True

    (event,) = await told(tenant, agent)
    assert (event.type, event.configuration_version) == (events.EVENT_TYPE_PROXY_URL, 2)
    (value,) = [value for value in (await news_of(tenant, agent)).values if value.slot == "proxy_url"]
    assert json.loads(value.value) == {"url": "https://gateway.example.com"}


async def test_the_first_url_is_nothing_to_repair_and_holds_nothing_up(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()

    await tenant.call(gateways.SetDataplaneURLRequest(workspace_id=tenant.id, url="https://llm.example.com"))

    assert not (await tenant.call(slots.ReconcileWorkspaceRequest(workspace_id=tenant.id))).rows
    shown = await tenant.dataplane(agent)
    assert shown.applied_revision == shown.desired_revision > 0


async def test_a_url_set_before_a_data_plane_has_everything_makes_it_not_more_than_it_is(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    await tenant.call(gateways.SetDataplaneURLRequest(workspace_id=tenant.id, url="https://llm.example.com"))
    assert (await tenant.dataplane(agent)).applied_revision == 0

    await tenant.noticed()
    await agent.settle()

    shown = await tenant.dataplane(agent)
    assert shown.applied_revision == shown.desired_revision > 0


async def test_each_data_plane_gets_its_own_url_and_no_other(tenant: Tenant) -> None:
    one, other = await tenant.settled_agent(), await tenant.settled_agent()
    for agent in (one, other):
        request = gateways.SetDataplaneURLRequest(
            workspace_id=tenant.id, dataplane_id=agent.id, url=f"https://{agent.id[-6:].lower()}.example.com"
        )
        await tenant.call(request)

    for agent in (one, other):
        (value,) = [value for value in (await news_of(tenant, agent)).values if value.slot == "proxy_url"]
        assert agent.id[-6:].lower() in json.loads(value.value)["url"]


async def test_several_data_planes_must_be_told_apart(tenant: Tenant) -> None:
    await tenant.enrol()
    await tenant.enrol()

    with refusal("INVALID_ARGUMENT") as caught:
        await tenant.call(gateways.SetDataplaneURLRequest(workspace_id=tenant.id, url="https://a.b"))

    assert caught.faults.keys() == {"dataplane_id"}


async def test_a_foreign_data_planes_url_cannot_be_set(tenant: Tenant, stranger: Tenant) -> None:
    foreign = await stranger.enrol()
    request = gateways.SetDataplaneURLRequest(workspace_id=tenant.id, dataplane_id=foreign.id, url="https://a.b")

    with refusal("NOT_FOUND"):
        await tenant.call(request)


async def test_plain_http_needs_to_be_allowed(tenant: Tenant) -> None:
    await tenant.enrol()
    request = gateways.SetDataplaneURLRequest(workspace_id=tenant.id, url="http://llm.example.com")

    with refusal("INVALID_ARGUMENT") as caught:
        await tenant.call(request)
    assert caught.faults.keys() == {"url"}
    request.allow_insecure = True
    assert (await tenant.call(request)).emitted is False
