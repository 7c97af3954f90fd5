"""What an ended event leaves behind: applied, refused and given-up versions of a slot."""

from __future__ import annotations

from datetime import timedelta

from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from tests.contract.wires.documents import consumer
from tests.contract.wires.event_steps import (
    change,
    later,
    row,
    rung,
    statuses,
)
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.repairs import reconcile, settle


async def test_the_fifth_failure_is_the_last_and_shows(tenant: Tenant) -> None:
    agent, event = await rung(tenant)

    for attempt in range(1, 6):
        held = await agent.acknowledge(event.id)
        assert held.attempt == attempt
        ended = await agent.fail(held, retryable=True, error="still no")
        await later(tenant, timedelta(seconds=61))

    assert ended.status == events.EVENT_STATUS_DEAD_LETTER
    assert await agent.pending() == []
    found = await row(tenant, agent)
    assert (found.applied_version, found.rejected_version) == (1, 2)
    assert "still no" in found.rejected_reason
    await agent.poll()
    await tenant.upkeep()
    assert (await tenant.dataplane(agent)).sync == dataplanes.DATAPLANE_SYNC_DEGRADED


async def test_a_dead_letter_does_not_count_as_applied_when_everything_else_is(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    for _ in range(5):
        await agent.fail(await agent.acknowledge(event.id), retryable=True)
        await later(tenant, timedelta(seconds=61))

    await tenant.put(consumer("alice"), user_id="alice")
    await tenant.noticed()
    await agent.settle()

    assert (await row(tenant, agent)).applied_version == 1


async def test_a_refused_version_rejects_the_slot_while_the_old_one_stays_applied(tenant: Tenant) -> None:
    agent, event = await rung(tenant)

    failed = await agent.fail(await agent.acknowledge(event.id), retryable=False, error="port 80 is in use")

    assert failed.status == events.EVENT_STATUS_FAILED
    found = await row(tenant, agent)
    assert (found.desired_version, found.applied_version, found.rejected_version) == (2, 1, 2)
    assert found.rejected_reason == "port 80 is in use"
    await agent.poll()
    await tenant.upkeep()
    assert (await tenant.dataplane(agent)).sync == dataplanes.DATAPLANE_SYNC_DEGRADED


async def test_applying_a_newer_version_lifts_the_rejection(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    await agent.fail(await agent.acknowledge(event.id), retryable=False)

    await change(tenant)
    await agent.settle()

    found = await row(tenant, agent)
    assert (found.applied_version, found.rejected_version, found.rejected_reason) == (3, 0, "")


async def test_a_refused_version_that_is_applied_after_all_is_refused_no_more(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    await agent.fail(await agent.acknowledge(event.id), retryable=False)

    await reconcile(tenant, include_rejected=True)
    await settle(tenant, agent)

    found = await row(tenant, agent)
    assert (found.applied_version, found.rejected_version, found.rejected_reason) == (2, 0, "")


async def test_a_lease_that_runs_out_for_the_fifth_time_gives_the_version_up(tenant: Tenant) -> None:
    agent, event = await rung(tenant)

    for _ in range(5):
        agent.restart()  # of one life the lease would be renewed, not begun anew
        await agent.acknowledge(event.id)
        await later(tenant)

    assert (await statuses(tenant, agent))[event.id] == events.EVENT_STATUS_DEAD_LETTER
    found = await row(tenant, agent)
    assert (found.applied_version, found.rejected_version) == (1, 2)
    assert "the lease ran out in attempt 5" in found.rejected_reason
    assert (await reconcile(tenant)).stale_count == 1


async def test_an_applied_version_never_goes_back(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    version = await change(tenant)
    await agent.poll()
    await agent.complete(held, version)

    with refusal("FAILED_PRECONDITION"):
        await agent.complete(held, version - 1)

    assert (await row(tenant, agent)).applied_version == version
