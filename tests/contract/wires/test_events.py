"""Events over the wire: leases, fencing, boots, retries, and what a completion leaves behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import Refused, refusal

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
    await tenant.upkeep()
    await tenant.noticed()


async def statuses(tenant: Tenant, agent: Agent) -> dict[str, int]:
    """Status by event id."""
    return {event.id: event.status for event in await tenant.events_of(agent)}


async def row(tenant: Tenant, agent: Agent) -> Any:
    """What the listing says of the workspace document on that data plane."""
    listed = await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id, user_id=""))
    (found,) = [each for each in listed.configurations[0].dataplanes if each.dataplane_id == agent.id]
    return found


async def test_a_slot_has_one_pending_and_one_acknowledged_event_at_most(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    await agent.acknowledge(event.id)

    for _ in range(3):
        await change(tenant)

    counted = Counter((await statuses(tenant, agent)).values())
    assert counted == {ACKNOWLEDGED: 1, PENDING: 1, SUPERSEDED: 2, APPLIED: 1}
    (waiting,) = await agent.pending()
    assert waiting.configuration_version == 5


async def test_a_newer_change_supersedes_a_pending_event_and_names_its_successor(tenant: Tenant) -> None:
    agent, event = await rung(tenant)

    await change(tenant)

    (waiting,) = await agent.pending()
    old = next(each for each in await tenant.events_of(agent) if each.id == event.id)
    assert (old.status, old.superseded_by) == (SUPERSEDED, waiting.id)
    with refusal("FAILED_PRECONDITION", "EVENT_FINISHED") as refused:
        await agent.acknowledge(event.id)
    assert refused.preconditions == ["EVENT_FINISHED"]


async def test_completing_a_newer_version_covers_the_events_up_to_it(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    version = await change(tenant)
    await agent.poll()

    await agent.complete(held, version)

    assert set((await statuses(tenant, agent)).values()) == {APPLIED, SUPERSEDED}
    assert (await row(tenant, agent)).applied_version == version
    await tenant.noticed()
    assert await agent.pending() == []


async def test_a_completion_may_not_name_a_version_before_the_events_nor_one_that_does_not_exist(
    tenant: Tenant,
) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)

    with refusal("FAILED_PRECONDITION", "VERSION_TOO_OLD"):
        await agent.complete(held, 1)
    with refusal("INVALID_ARGUMENT"):
        await agent.complete(held, 99)
    with refusal("FAILED_PRECONDITION", "DIGEST_MISMATCH"):
        await agent.complete(held, digest="0" * 64)

    assert (await agent.complete(held)).status == APPLIED


async def test_the_same_completion_twice_is_fine(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)

    first = await agent.complete(held)
    again = await agent.complete(held)

    assert again == first


async def test_the_same_retryable_failure_twice_counts_once(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)

    first = await agent.fail(held, retryable=True)
    again = await agent.fail(held, retryable=True)

    assert again == first
    assert (first.status, first.attempt) == (PENDING, 1)


async def test_an_old_fencing_token_is_refused(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    old = await agent.acknowledge(event.id)
    agent.restart()
    new = await agent.acknowledge(event.id)

    with refusal("FAILED_PRECONDITION", "FENCING_TOKEN_OLD") as refused:
        await agent.complete(old)

    assert new.fencing_token > old.fencing_token
    assert refused.preconditions == ["FENCING_TOKEN_OLD"]
    assert (await agent.complete(new)).status == APPLIED


async def test_a_token_is_spent_by_a_retryable_failure(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    await agent.fail(held, retryable=True)

    with refusal("FAILED_PRECONDITION", "FENCING_TOKEN_OLD"):
        await agent.complete(held)


async def test_a_completion_without_an_acknowledgement_is_refused(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    event.fencing_token = 1

    with refusal("FAILED_PRECONDITION", "FENCING_TOKEN_OLD"):
        await agent.complete(event)


async def test_a_renewal_keeps_the_token_and_lengthens_the_lease(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    tenant.running.clock.skip(timedelta(seconds=30))

    renewed = await agent.acknowledge(event.id)

    assert (renewed.fencing_token, renewed.attempt) == (held.fencing_token, held.attempt)
    longer = renewed.lease_expires_at.ToDatetime() - held.lease_expires_at.ToDatetime()
    assert longer >= timedelta(seconds=29)


async def test_a_higher_boot_takes_over_at_once_and_a_lower_one_is_refused(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    before = agent.boot
    agent.restart()

    (brought,) = await agent.pending()
    taken = await agent.acknowledge(event.id)

    assert brought.id == event.id
    assert taken.fencing_token == held.fencing_token + 1
    assert taken.attempt == 2
    agent.boot = before
    with refusal("FAILED_PRECONDITION", "BOOT_TOO_OLD"):
        await agent.acknowledge(event.id)
    with refusal("FAILED_PRECONDITION", "BOOT_TOO_OLD"):
        await agent.poll()
    assert (await tenant.dataplane(agent)).boot_counter == 2


async def test_two_agents_with_one_identity_are_found_out(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    await agent.acknowledge(event.id)

    agent.boot = events.Boot(counter=agent.boot.counter, nonce="another-nonce")

    with refusal("UNAUTHENTICATED", "IDENTITY_CLONED"):
        await agent.poll()
    with refusal("UNAUTHENTICATED", "IDENTITY_CLONED"):
        await agent.acknowledge(event.id)


async def test_a_lapsed_lease_brings_the_event_again_under_a_new_cursor(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    await agent.acknowledge(event.id)
    known = await agent.poll()
    hanging = asyncio.create_task(agent.poll(known.revision, cursor=known.event_cursor, wait=30))

    await later(tenant)

    news = await hanging
    assert [each.id for each in news.pending_events] == [event.id]
    assert news.event_cursor > known.event_cursor


async def test_a_lapsed_lease_that_nobody_took_may_still_be_completed_by_its_holder(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)

    await later(tenant)

    assert (await agent.complete(held)).status == APPLIED


async def test_a_lapsed_lease_that_nobody_took_may_still_be_failed_for_now_by_its_holder(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    await later(tenant)

    failed = await agent.fail(held, retryable=True)

    await tenant.noticed()
    assert failed.status == PENDING
    assert await agent.pending() == []
    await later(tenant, timedelta(seconds=5))
    assert [each.id for each in await agent.pending()] == [event.id]


async def test_a_lapsed_lease_that_nobody_took_may_be_renewed_with_the_same_token(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)

    await later(tenant)
    renewed = await agent.acknowledge(event.id)

    assert (renewed.status, renewed.fencing_token, renewed.attempt) == (ACKNOWLEDGED, held.fencing_token, 1)


async def test_a_lapsed_lease_gives_way_when_a_newer_event_waits(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    await agent.acknowledge(event.id)
    await change(tenant)

    await later(tenant)

    assert (await statuses(tenant, agent))[event.id] == SUPERSEDED
    (waiting,) = await agent.pending()
    assert waiting.configuration_version == 3


async def test_a_retryable_failure_comes_again_when_its_back_off_is_over(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    failed = await agent.fail(await agent.acknowledge(event.id), retryable=True, error="disk is slow")
    await tenant.noticed()
    known = await agent.poll()

    await later(tenant, timedelta(seconds=5))
    (again,) = (await agent.poll(known.revision, cursor=known.event_cursor, wait=10)).pending_events

    assert (failed.status, failed.error) == (PENDING, "disk is slow")
    assert not known.pending_events
    assert again.id == event.id
    taken = await agent.acknowledge(again.id)
    assert (taken.attempt, taken.fencing_token) == (2, 2)


async def test_a_retryable_failure_gives_way_when_a_newer_event_waits(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    await change(tenant)

    failed = await agent.fail(held, retryable=True)

    (waiting,) = await agent.pending()
    assert (failed.status, failed.superseded_by) == (SUPERSEDED, waiting.id)


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
    assert (await tenant.dataplane(agent)).health == dataplanes.DATAPLANE_HEALTH_DEGRADED


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
    assert (await tenant.dataplane(agent)).health == dataplanes.DATAPLANE_HEALTH_DEGRADED


async def test_applying_a_newer_version_lifts_the_rejection(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    await agent.fail(await agent.acknowledge(event.id), retryable=False)

    await change(tenant)
    await agent.settle()

    found = await row(tenant, agent)
    assert (found.applied_version, found.rejected_version, found.rejected_reason) == (3, 0, "")


async def test_an_applied_version_never_goes_back(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    version = await change(tenant)
    await agent.poll()
    await agent.complete(held, version)

    with refusal("FAILED_PRECONDITION"):
        await agent.complete(held, version - 1)

    assert (await row(tenant, agent)).applied_version == version


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
