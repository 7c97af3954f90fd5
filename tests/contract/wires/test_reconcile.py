"""ReconcileWorkspace: every finding as it is defined, repaired once, on every wire and database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import upgrades_pb2 as upgrades
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.repairs import (
    MISSING,
    ORPHANED,
    REJECTED,
    STALE,
    brought_back,
    exhaust,
    found,
    only_pending,
    pending,
    reconcile,
    refuse,
    remove,
    settle,
)

LONG = timedelta(minutes=5, seconds=1)


async def test_a_workspace_that_is_as_desired_has_nothing_to_repair(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    await settle(tenant, agent)

    answer = await reconcile(tenant)

    assert (found(answer), answer.enqueued_count) == ([], 0)
    assert await pending(tenant, agent) == []


async def test_what_was_never_applied_and_is_told_of_by_nobody_is_missing(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    await exhaust(tenant, agent)

    answer = await reconcile(tenant)

    (row,) = answer.rows
    assert (row.slot, row.dataplane_id, row.finding) == ("config/alice", agent.id, MISSING)
    assert (answer.enqueued_count, answer.missing_count) == (1, 1)
    event = await only_pending(tenant, agent)
    assert (event.id, event.slot, event.configuration_version) == (row.event_id, "config/alice", 1)
    await settle(tenant, agent)
    assert found(await reconcile(tenant)) == []


async def test_an_older_version_than_desired_is_stale(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await tenant.put(document(alias="other"))
    await exhaust(tenant, agent)

    answer = await reconcile(tenant)

    assert (found(answer), answer.stale_count, answer.enqueued_count) == ([("config/", STALE)], 1, 1)
    assert (await only_pending(tenant, agent)).configuration_version == 2


async def test_a_live_event_has_five_minutes(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    put = await tenant.put(document(alias="other"))

    early = await reconcile(tenant)
    tenant.running.clock.skip(LONG)
    late = await reconcile(tenant)

    assert found(early) == []
    assert found(late) == [("config/", STALE)]
    event = await only_pending(tenant, agent)
    assert event.id == late.rows[0].event_id
    (old,) = [each for each in await tenant.events_of(agent) if each.id == put.event_ids[0]]
    assert (old.status, old.superseded_by) == (events.EVENT_STATUS_SUPERSEDED, event.id)


async def test_an_event_that_is_held_for_too_long_gets_a_successor_and_stays_the_holders(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    tenant.running.clock.skip(LONG)
    held = await agent.acknowledge((await only_pending(tenant, agent)).id)

    answer = await reconcile(tenant)

    assert found(answer) == [("config/alice", STALE)]
    assert (await agent.complete(held)).status == events.EVENT_STATUS_APPLIED
    assert await pending(tenant, agent) == []  # the successor was covered
    assert found(await reconcile(tenant)) == []


async def test_what_is_no_longer_desired_is_orphaned_and_its_removal_is_told(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    await settle(tenant, agent)
    await remove(tenant, "alice")

    answer = await reconcile(tenant)

    assert (found(answer), answer.orphaned_count) == ([("config/alice", ORPHANED)], 1)
    await pending(tenant, agent)
    news = await agent.poll()
    (tombstone,) = [each for each in news.configurations if each.user_id == "alice"]
    assert (tombstone.state, tombstone.document) == (3, b"")
    (event,) = news.pending_events
    await agent.complete(await agent.acknowledge(event.id), version=2)
    assert found(await reconcile(tenant)) == []


async def test_what_was_never_there_and_is_not_desired_is_nothing(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    await exhaust(tenant, agent)
    await remove(tenant, "alice")

    assert found(await reconcile(tenant)) == []


async def test_a_refused_version_is_listed_and_left_alone_unless_it_is_asked_for(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await tenant.put(document(alias="other"))
    await refuse(tenant, agent)

    left_alone = await reconcile(tenant)
    asked_for = await reconcile(tenant, include_rejected=True)

    assert found(left_alone) == found(asked_for) == [("config/", REJECTED)]
    assert (left_alone.enqueued_count, left_alone.rejected_count, left_alone.rows[0].event_id) == (0, 1, "")
    assert asked_for.enqueued_count == 1
    assert (await only_pending(tenant, agent)).id == asked_for.rows[0].event_id


async def test_a_refusal_ends_with_the_next_version(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await tenant.put(document(alias="other"))
    await refuse(tenant, agent)
    await tenant.put(document(alias="third"))
    await exhaust(tenant, agent)

    assert found(await reconcile(tenant)) == [("config/", STALE)]


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_a_consumers_refusal_holds_for_one_workspace_version_only(tenant: Tenant, told: bool) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    await refuse(tenant, agent, workspace_version=1 if told else 0)
    before = await reconcile(tenant)
    await tenant.put(document(alias="other"))
    await settle(tenant, agent)

    after = await reconcile(tenant)

    assert (found(before), before.enqueued_count) == ([("config/alice", REJECTED)], 0)
    assert (found(after), after.enqueued_count) == ([("config/alice", MISSING)], 1)


async def test_a_consumer_refused_with_an_older_workspace_version_than_desired_is_tried_again(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    alice = await only_pending(tenant, agent)
    await tenant.put(document(alias="other"))
    held = await agent.acknowledge(alice.id)
    await agent.complete(held, outcome=events.EVENT_OUTCOME_FAILED, error="no", workspace_version=1)

    assert found(await reconcile(tenant)) == [("config/alice", MISSING)]


async def test_a_dry_run_says_the_same_and_changes_nothing(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    await exhaust(tenant, agent)
    before = await tenant.events_of(agent)

    plan = await reconcile(tenant, validate_only=True)

    assert (found(plan), plan.rows[0].event_id) == ([("config/alice", MISSING)], "")
    assert (plan.enqueued_count, plan.missing_count) == (1, 1)
    assert await tenant.events_of(agent) == before
    assert found(await reconcile(tenant)) == found(plan)


async def test_a_repeated_request_gets_the_same_answer_and_enqueues_nothing(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    await exhaust(tenant, agent)

    first = await reconcile(tenant, request_id="once")
    again = await reconcile(tenant, request_id="once")

    assert first == again
    assert (await only_pending(tenant, agent)).id == first.rows[0].event_id
    with refusal("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
        await reconcile(tenant, request_id="once", include_rejected=True)


async def test_one_data_plane_can_be_repaired_by_itself(tenant: Tenant, stranger: Tenant) -> None:
    first, second = await tenant.settled_agent(), await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    for agent in (first, second):
        await exhaust(tenant, agent)

    one = await reconcile(tenant, dataplane_id=second.id)
    rest = await reconcile(tenant)

    assert [row.dataplane_id for row in one.rows] == [second.id]
    assert [row.dataplane_id for row in rest.rows] == [first.id]
    with refusal("NOT_FOUND"):
        await reconcile(tenant, dataplane_id=(await stranger.enrol()).id)


async def test_a_revoked_data_plane_is_passed_over(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=agent.id))
    tenant.running.clock.skip(LONG)

    assert found(await reconcile(tenant)) == []
    assert found(await reconcile(tenant, dataplane_id=agent.id)) == []


async def test_a_data_plane_that_never_got_everything_is_sent_everything_in_one_event(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(consumer("alice"), "alice")
    agent = await tenant.enrol()
    await exhaust(tenant, agent)

    answer = await reconcile(tenant)

    event = await only_pending(tenant, agent)
    assert found(answer) == [("config/", MISSING), ("config/alice", MISSING), ("gatekeeper_keys", MISSING)]
    assert {row.event_id for row in answer.rows} == {event.id}
    assert event.payload.fields["full"].bool_value
    await settle(tenant, agent)
    assert found(await reconcile(tenant)) == []


async def test_what_was_to_be_sent_whole_and_was_given_up_is_sent_whole_again(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await agent.poll(report=configurations.AgentReport(agent_version="1.2.3", ledger_lost=True))
    await exhaust(tenant, agent)

    answer = await reconcile(tenant)

    event = await only_pending(tenant, agent)
    assert (found(answer), event.id) == ([("config/", STALE)], answer.rows[0].event_id)
    assert event.payload.fields["full"].bool_value
    await settle(tenant, agent)
    assert found(await reconcile(tenant)) == []


async def test_what_was_refused_is_no_reason_to_send_everything_anew(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    await tenant.put(consumer("alice"), "alice")
    full, alice = await pending(tenant, agent)
    held = await agent.acknowledge(alice.id)
    await agent.complete(held, outcome=events.EVENT_OUTCOME_FAILED, error="Envoy said no")

    answer = await reconcile(tenant)

    assert (found(answer), answer.enqueued_count) == ([("config/alice", REJECTED)], 0)
    assert (await only_pending(tenant, agent)).id == full.id


async def test_a_full_event_tells_nothing_of_what_came_after_it(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    full = await only_pending(tenant, agent)
    await agent.acknowledge(full.id)
    await tenant.put(consumer("alice"), "alice")
    for pause in (0, 2, 3, 5, 9):  # five attempts within the lease of the other event
        tenant.running.clock.skip(timedelta(seconds=pause))
        due = await brought_back(tenant, agent)
        await agent.fail(await agent.acknowledge(due.id), retryable=True)

    assert found(await reconcile(tenant)) == [("config/alice", MISSING)]


async def test_an_answer_of_exactly_one_part_is_kept_like_any_other(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    await exhaust(tenant, agent)
    monkeypatch.setattr("controlplane.services.reconciliation.AT_ONCE", 1)

    first = await reconcile(tenant, request_id="once")

    assert found(first) == [("config/alice", MISSING)]
    assert await reconcile(tenant, request_id="once") == first


async def test_what_a_full_event_found_refused_is_rejected_and_everything_else_is_as_desired(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(consumer("alice"), "alice")
    await tenant.put(consumer("bob"), "bob")
    agent = await tenant.enrol()
    held = await agent.acknowledge((await only_pending(tenant, agent)).id)
    refused = events.RejectedSlot(slot="config/bob", version=1, reason="no such model", workspace_version=1)

    await agent.complete(held, rejected=[refused])

    assert found(await reconcile(tenant)) == [("config/bob", REJECTED)]
    shown = await tenant.dataplane(agent)
    assert shown.applied_revision == shown.desired_revision


async def test_commands_are_never_repeated(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.call(
        upgrades.SubmitDataplaneUpgradeCredentialsRequest(
            workspace_id=tenant.id, registry="registry.example", username="u", secret="s", target_version="2"
        )
    )
    tenant.running.clock.skip(LONG)
    while_live = await reconcile(tenant)
    await refuse(tenant, agent)

    assert found(while_live) == found(await reconcile(tenant, include_rejected=True)) == []
    shown = await tenant.dataplane(agent)
    assert shown.applied_revision == shown.desired_revision
