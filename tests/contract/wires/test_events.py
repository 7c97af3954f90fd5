"""Events over the wire: leases, fencing, boots, retries."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

from agentrouter.configurator.v1 import events_pb2 as events
from tests.contract.wires.documents import consumer
from tests.contract.wires.event_steps import (
    ACKNOWLEDGED,
    APPLIED,
    PENDING,
    SUPERSEDED,
    change,
    later,
    row,
    rung,
    statuses,
)
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal


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
        await agent.complete(held, event.configuration_version + 1)
    with refusal("FAILED_PRECONDITION", "DIGEST_MISMATCH"):
        await agent.complete(held, digest="0" * 64)

    assert (await agent.complete(held)).status == APPLIED


async def test_what_was_refused_is_taken_in_whatever_digest(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)

    refused = await agent.complete(held, outcome=events.EVENT_OUTCOME_FAILED, digest="0" * 64, error="not ours")

    assert (refused.status, refused.error) == (events.EVENT_STATUS_FAILED, "not ours")


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


async def test_a_life_that_begins_with_an_acknowledgement_is_remembered(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    agent.restart()

    await agent.acknowledge(event.id)

    assert (await tenant.dataplane(agent)).boot_counter == 2


async def test_what_older_lives_hold_is_given_to_the_new_one_and_what_that_holds_is_left_to_it(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    await tenant.put(consumer("alice"), "alice")
    await agent.acknowledge(event.id)
    await tenant.noticed()
    (alice,) = [each for each in await agent.pending() if each.user_id == "alice"]
    agent.restart()
    await agent.acknowledge(alice.id)  # the first that is heard of the new life, by a process that saw only the old

    brought = [each.id for each in await agent.pending()]

    assert brought == [event.id]
    assert (await statuses(tenant, agent))[alice.id] == ACKNOWLEDGED


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
