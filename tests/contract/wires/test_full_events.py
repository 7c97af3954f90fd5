"""Full events, many slots at once, and how events are listed."""

from __future__ import annotations

import asyncio

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.event_steps import (
    APPLIED,
    SUPERSEDED,
    change,
    later,
    row,
    rung,
    statuses,
)
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import Refused


async def test_enrolment_asks_for_everything_and_its_completion_sets_the_watermark(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(consumer("alice"), user_id="alice")
    agent = await tenant.enrol()
    news = await agent.poll()
    (event,) = news.pending_events
    assert (event.slot, event.payload.fields["full"].bool_value) == ("config/", True)
    assert (await tenant.dataplane(agent)).applied_revision == 0

    await agent.complete(await agent.acknowledge(event.id))

    assert (await tenant.dataplane(agent)).applied_revision == news.revision
    listed = (await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id))).configurations
    assert [each.dataplanes[0].applied_version for each in listed] == [1, 1]


async def test_an_empty_workspace_is_completed_at_version_nought(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    (event,) = await agent.pending()

    done = await agent.complete(await agent.acknowledge(event.id))

    assert (done.status, done.configuration_version) == (APPLIED, 0)


async def test_a_change_before_everything_was_taken_inherits_that_everything_is_needed(tenant: Tenant) -> None:
    agent = await tenant.enrol()

    put = await tenant.put()
    await tenant.noticed()

    (event,) = await agent.pending()
    assert event.id == put.event_ids[0]
    assert event.payload.fields["full"].bool_value
    await agent.complete(await agent.acknowledge(event.id))
    assert (await tenant.dataplane(agent)).applied_revision == put.configuration.revision


async def test_taking_a_newer_event_while_everything_is_being_taken_does_not_forget_it(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    (full,) = await agent.pending()
    await agent.acknowledge(full.id)
    await tenant.put()
    await tenant.noticed()
    (newer,) = await agent.pending()

    taken = await agent.acknowledge(newer.id)

    assert (await statuses(tenant, agent))[full.id] == SUPERSEDED
    assert taken.payload.fields["full"].bool_value


async def test_a_full_event_that_lapses_under_a_newer_one_hands_on_that_everything_is_needed(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    (full,) = await agent.pending()
    await agent.acknowledge(full.id)
    await tenant.put()
    await tenant.noticed()
    known = await agent.poll()

    await later(tenant)

    (told_again,) = (await agent.poll(known.revision, cursor=known.event_cursor)).pending_events
    assert told_again.payload.fields["full"].bool_value
    assert told_again.configuration_version == 1


async def test_a_full_event_is_not_covered_by_an_ordinary_completion(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    await agent.poll(report=configurations.AgentReport(ledger_lost=True))
    await tenant.noticed()

    await agent.complete(held)

    await tenant.noticed()
    (full,) = await agent.pending()
    assert full.payload.fields["full"].bool_value


async def test_a_lost_ledger_asks_for_everything_once(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    report = configurations.AgentReport(ledger_lost=True)

    for _ in range(3):
        await agent.poll(report=report)
    await tenant.noticed()

    (event,) = await agent.pending()
    assert event.payload.fields["full"].bool_value
    assert len(await tenant.events_of(agent)) == 2
    await agent.complete(await agent.acknowledge(event.id))
    await agent.poll(report=report)
    assert len(await tenant.events_of(agent)) == 2
    agent.restart()
    await agent.poll(report=report)
    assert len(await tenant.events_of(agent)) == 3


async def test_slots_are_worked_on_side_by_side(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    users = [f"user-{number}" for number in range(6)]
    for user in users:
        await tenant.put(consumer(user), user_id=user)
    await tenant.noticed()
    waiting = await agent.pending()

    held = await asyncio.gather(*(agent.acknowledge(event.id) for event in waiting))
    done = await asyncio.gather(*(agent.complete(event) for event in held))

    assert {event.slot for event in waiting} == {f"config/{user}" for user in users}
    assert {event.status for event in done} == {APPLIED}


async def test_changes_and_acknowledgements_at_once_leave_every_slot_in_order(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    codes: set[str] = set()

    async def work() -> None:
        for _ in range(6):
            for waiting in await agent.pending():
                try:
                    await agent.complete(await agent.acknowledge(waiting.id))
                except Refused as refused:
                    codes.add(refused.code)

    async def announce() -> None:
        for _ in range(6):
            await tenant.trigger(force=True)
            await tenant.upkeep()

    await asyncio.gather(work(), announce(), announce())
    await tenant.noticed()
    for _ in range(2):
        await agent.settle()
        await tenant.noticed()

    assert codes <= {"FAILED_PRECONDITION"}
    assert set((await statuses(tenant, agent)).values()) <= {APPLIED, SUPERSEDED}
    assert (await row(tenant, agent)).applied_version == 14
    assert event.id in await statuses(tenant, agent)


async def test_one_data_planes_failure_is_its_own(tenant: Tenant) -> None:
    await tenant.put()
    bad, good = await tenant.settled_agent(), await tenant.settled_agent()
    await change(tenant)
    (event,) = await bad.pending()

    await bad.fail(await bad.acknowledge(event.id), retryable=False)
    await good.settle()

    assert (await row(tenant, bad)).applied_version == 1
    assert (await row(tenant, good)).applied_version == 2


async def test_the_listing_that_needs_processing_is_oldest_first_and_the_history_newest_first(tenant: Tenant) -> None:
    await tenant.put(document())
    agent = await tenant.settled_agent()
    for user in ("b", "a"):
        await tenant.put(consumer(user), user_id=user)

    live = (await tenant.api(events.ListPendingEventsRequest(), agent.token)).events
    whole = await tenant.events_of(agent)

    assert [event.slot for event in live] == ["config/b", "config/a"]
    assert [event.slot for event in whole] == ["config/a", "config/b", "config/"]
    only = events.ListPendingEventsRequest(workspace_id=tenant.id, include_finished=True, slot="config/a")
    assert [event.slot for event in (await tenant.call(only)).events] == ["config/a"]
