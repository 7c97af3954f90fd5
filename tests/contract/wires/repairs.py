"""Steps of the tests about repair: break a slot in a certain way, look what a reconciliation finds, make it good."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import slots_pb2 as slots
from controlplane.domain.configurations import Configuration, ConfigurationState
from controlplane.services.ports import Notice
from tests.contract.wires.people import OF_EVENTS, Agent, Tenant

MISSING, STALE = slots.SLOT_FINDING_MISSING, slots.SLOT_FINDING_STALE
ORPHANED, REJECTED = slots.SLOT_FINDING_ORPHANED, slots.SLOT_FINDING_REJECTED


async def reconcile(tenant: Tenant, **fields: Any) -> Any:
    return await tenant.call(slots.ReconcileWorkspaceRequest(workspace_id=tenant.id, **fields))


def found(answer: Any) -> list[tuple[str, int]]:
    return [(row.slot, row.finding) for row in answer.rows]


async def pending(tenant: Tenant, agent: Agent) -> list[Any]:
    """Once the notices of everything so far have been followed."""
    await tenant.running.plane.feed.refresh(tenant.id, whole=True)
    return await agent.pending()


async def only_pending(tenant: Tenant, agent: Agent) -> Any:
    (event,) = await pending(tenant, agent)
    return event


async def settle(tenant: Tenant, agent: Agent) -> None:
    for event in await pending(tenant, agent):
        await agent.complete(await agent.acknowledge(event.id))


async def refuse(tenant: Tenant, agent: Agent, **fields: Any) -> Any:
    """The one pending event is refused for good."""
    held = await agent.acknowledge((await only_pending(tenant, agent)).id)
    return await agent.complete(held, outcome=events.EVENT_OUTCOME_FAILED, error="Envoy said no", **fields)


async def exhaust(tenant: Tenant, agent: Agent) -> None:
    """The one pending event fails until it is a dead letter."""
    for _ in range(5):
        tenant.running.clock.skip(timedelta(minutes=1))
        due = await brought_back(tenant, agent)
        await agent.fail(await agent.acknowledge(due.id), retryable=True)


async def brought_back(tenant: Tenant, agent: Agent) -> Any:
    """The one event whose pause is over; the server's own upkeep may hold it, and need a moment to commit."""
    async with asyncio.timeout(60):
        while True:
            await tenant.upkeep(*OF_EVENTS)
            if found := await pending(tenant, agent):
                (event,) = found
                return event
            await asyncio.sleep(0.02)


async def remove(tenant: Tenant, user_id: str) -> None:
    """The consumer's document becomes a tombstone, told to nobody."""
    async with tenant.running.plane.store.unit_of_work() as work:
        await work.workspaces.lock(tenant.id)
        newest = await work.configurations.newest(tenant.id, user_id)
        assert newest is not None
        revision = await work.workspaces.take_revision(tenant.id)
        await work.configurations.add(
            Configuration(
                tenant.id,
                user_id,
                newest.version + 1,
                revision,
                "",
                ConfigurationState.REMOVED,
                b"",
                (),
                "",
                await work.now(),
            )
        )
        work.announce(Notice(tenant.id))
