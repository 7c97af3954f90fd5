"""What the tests of events do again and again: ring, change, let time pass, look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from tests.contract.wires.people import OF_EVENTS, Agent, Tenant

A_LEASE = timedelta(seconds=61)
ACKNOWLEDGED, PENDING = events.EVENT_STATUS_ACKNOWLEDGED, events.EVENT_STATUS_PENDING
SUPERSEDED, APPLIED = events.EVENT_STATUS_SUPERSEDED, events.EVENT_STATUS_APPLIED


async def rung(tenant: Tenant) -> tuple[Agent, Any]:
    """A settled data plane and the event of a change that followed."""
    await tenant.put()
    agent = await tenant.settled_agent()
    await change(tenant)
    (event,) = await agent.pending()
    return agent, event


async def change(tenant: Tenant, **fields: Any) -> int:
    """Announce another version; which."""
    answer = await tenant.trigger(force=True, **fields)
    await tenant.noticed()
    return int(answer.configuration.version)


async def later(tenant: Tenant, by: timedelta = A_LEASE) -> None:
    """Time passes, and the control plane looks after its events."""
    tenant.running.clock.skip(by)
    await tenant.upkeep(*OF_EVENTS)
    await tenant.noticed()


async def statuses(tenant: Tenant, agent: Agent) -> dict[str, int]:
    """Status by event id."""
    return {event.id: event.status for event in await tenant.events_of(agent)}


async def row(tenant: Tenant, agent: Agent) -> Any:
    """What the listing says of the workspace document on that data plane."""
    listed = await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id, user_id=""))
    (found,) = [each for each in listed.configurations[0].dataplanes if each.dataplane_id == agent.id]
    return found
