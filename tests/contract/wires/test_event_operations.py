"""What operators do to single events: replay a dead letter, replace metadata; and what they see of the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import operations_pb2 as operations
from tests.contract.wires.documents import consumer
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.repairs import exhaust, only_pending, pending, reconcile, settle
from tests.contract.wires.samples import OPERATOR, VIEWER

DEAD, PENDING = events.EVENT_STATUS_DEAD_LETTER, events.EVENT_STATUS_PENDING


async def replay(tenant: Tenant, event_id: str) -> Any:
    return (await tenant.call(operations.ReplayEventRequest(event_id=event_id))).event


async def dead_letter(tenant: Tenant, agent: Agent, user: str = "alice", **fields: Any) -> Any:
    """A consumer's change that failed five times."""
    put = await tenant.put(consumer(user, **fields), user)
    await exhaust(tenant, agent)
    (event,) = [each for each in await tenant.events_of(agent) if each.id in put.event_ids]
    assert (event.status, event.attempt) == (DEAD, 5)
    return event


async def replace_metadata(
    tenant: Tenant, event_id: str, metadata: dict[str, Any], bearer: str = "", etag: str = ""
) -> Any:
    request = events.UpdateEventMetadataRequest(event_id=event_id, etag=etag)
    request.metadata.update(metadata)
    return (await tenant.api(request, bearer or tenant.admin)).event


async def listed(tenant: Tenant, bearer: str = "", **fields: Any) -> list[str]:
    request = events.ListPendingEventsRequest(workspace_id=tenant.id, **fields)
    return [each.id for each in (await tenant.api(request, bearer or tenant.admin)).events]


async def test_a_replayed_dead_letter_is_tried_five_times_more(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    dead = await dead_letter(tenant, agent)

    back = await replay(tenant, dead.id)

    assert (back.status, back.attempt, back.fencing_token) == (PENDING, 0, dead.fencing_token)
    assert (await only_pending(tenant, agent)).id == dead.id
    await exhaust(tenant, agent)
    assert (await replay(tenant, dead.id)).status == PENDING
    await settle(tenant, agent)
    (event,) = [each for each in await tenant.events_of(agent) if each.id == dead.id]
    assert event.status == events.EVENT_STATUS_APPLIED
    shown = await tenant.dataplane(agent)
    assert (shown.sync, shown.applied_revision) == (dataplanes.DATAPLANE_SYNC_SYNCED, shown.desired_revision)


async def test_a_dead_letter_stays_dead_when_a_newer_event_of_its_slot_lives(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    dead = await dead_letter(tenant, agent)
    newer = (await tenant.put(consumer("alice", groups=["g"]), "alice")).event_ids[0]

    with refusal("FAILED_PRECONDITION", "NEWER_EVENT_LIVE"):
        await replay(tenant, dead.id)
    await agent.acknowledge(newer)
    with refusal("FAILED_PRECONDITION", "NEWER_EVENT_LIVE"):
        await replay(tenant, dead.id)


async def test_only_a_dead_letter_can_be_replayed_and_only_while_its_data_plane_lives(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    applied = (await tenant.events_of(agent))[0]
    dead = await dead_letter(tenant, agent)

    with refusal("FAILED_PRECONDITION", "EVENT_NOT_DEAD"):
        await replay(tenant, applied.id)
    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=agent.id))
    with refusal("FAILED_PRECONDITION", "DATAPLANE_REVOKED"):
        await replay(tenant, dead.id)


async def test_an_old_token_is_no_good_for_a_replayed_event(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    dead = await dead_letter(tenant, agent)
    await replay(tenant, dead.id)

    with refusal("FAILED_PRECONDITION", "FENCING_TOKEN_OLD"):
        await agent.complete(dead)


async def test_a_newer_version_that_waits_takes_the_place_of_a_dead_letter(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    first = (await tenant.put(consumer("alice"), "alice")).event_ids[0]
    for _ in range(4):
        tenant.running.clock.skip(timedelta(minutes=1))
        await tenant.upkeep()
        await agent.fail(await agent.acknowledge(first), retryable=True)
    tenant.running.clock.skip(timedelta(minutes=1))
    held = await agent.acknowledge(first)
    second = (await tenant.put(consumer("alice", groups=["g"]), "alice")).event_ids[0]

    ended = await agent.fail(held, retryable=True)

    assert (ended.status, ended.superseded_by) == (events.EVENT_STATUS_SUPERSEDED, second)


async def test_metadata_are_replaced_and_never_merged(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put()
    event = await only_pending(tenant, agent)

    first = await replace_metadata(tenant, event.id, {"ticket": "T-1", "by": {"name": "ann"}})
    second = await replace_metadata(tenant, event.id, {"ticket": "T-2"}, etag=first.etag)

    assert dict(second.metadata) == {"ticket": "T-2"}
    assert len({event.etag, first.etag, second.etag}) == 3
    polled = await only_pending(tenant, agent)
    assert (dict(polled.metadata), polled.etag) == ({"ticket": "T-2"}, second.etag)
    with refusal("ABORTED", "ETAG_MISMATCH"):
        await replace_metadata(tenant, event.id, {}, etag=first.etag)


async def test_an_event_that_lost_its_place_has_another_etag(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await tenant.trigger(force=True)
    replaced = await only_pending(tenant, agent)
    await tenant.trigger(force=True)
    closed = await only_pending(tenant, agent)

    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=agent.id))

    for event in (replaced, closed):
        with refusal("ABORTED", "ETAG_MISMATCH"):
            await replace_metadata(tenant, event.id, {"ticket": "T-1"}, etag=event.etag)


async def test_finished_events_have_metadata_too_and_stay_finished(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    (applied,) = await tenant.events_of(agent)

    changed = await replace_metadata(tenant, applied.id, {"seen": True})

    assert changed.status == events.EVENT_STATUS_APPLIED
    assert await pending(tenant, agent) == []
    assert dict((await tenant.events_of(agent))[0].metadata) == {"seen": True}


async def test_metadata_have_a_limit(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    (event,) = await tenant.events_of(agent)

    await replace_metadata(tenant, event.id, {"text": "x" * 65_000})
    with refusal("INVALID_ARGUMENT"):
        await replace_metadata(tenant, event.id, {"text": "x" * 65_536})


async def test_a_data_plane_keeps_metadata_with_its_own_events_only(tenant: Tenant) -> None:
    agent, other = await tenant.settled_agent(), await tenant.settled_agent()
    (own,), (theirs,) = await tenant.events_of(agent), await tenant.events_of(other)

    assert dict((await replace_metadata(tenant, own.id, {"a": 1}, agent.token)).metadata) == {"a": 1}
    with refusal("NOT_FOUND"):
        await replace_metadata(tenant, theirs.id, {}, agent.token)
    with refusal("PERMISSION_DENIED"):
        await replace_metadata(tenant, own.id, {}, await tenant.key(VIEWER))
    assert await replace_metadata(tenant, own.id, {}, await tenant.key(OPERATOR))


async def test_events_that_need_processing_are_those_that_nobody_works_on(tenant: Tenant) -> None:
    agent, other = await tenant.settled_agent(), await tenant.settled_agent()
    put = await tenant.put(consumer("alice"), "alice")
    mine, theirs = put.event_ids
    held = await agent.acknowledge(mine)

    assert await listed(tenant) == [theirs]
    assert await listed(tenant, agent.token) == [mine]  # its own to go on with
    assert await listed(tenant, dataplane_id=other.id) == [theirs]
    tenant.running.clock.skip(timedelta(seconds=61))
    assert await listed(tenant) == [mine, theirs]
    await agent.acknowledge(mine)
    await agent.fail(held, retryable=True)
    assert await listed(tenant) == [theirs]
    tenant.running.clock.skip(timedelta(seconds=61))
    assert await listed(tenant) == [mine, theirs]


async def test_what_waits_behind_an_older_boot_is_not_shown_to_the_newer_until_it_takes_over(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    first = (await tenant.put(consumer("alice"), "alice")).event_ids[0]
    await agent.acknowledge(first)
    second = (await tenant.put(consumer("alice", groups=["g"]), "alice")).event_ids[0]
    assert await listed(tenant, agent.token) == [first, second]

    agent.restart()
    await agent.poll()

    assert await listed(tenant, agent.token) == [second]
    history = await tenant.events_of(agent)
    assert {each.id: each.superseded_by for each in history}[first] == second


async def test_a_lost_ledger_is_answered_once_with_everything(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    agent.restart()
    lost = configurations.AgentReport(ledger_lost=True)

    for _ in range(3):
        await agent.poll(report=lost)
    event = await only_pending(tenant, agent)
    await settle(tenant, agent)
    await agent.poll(report=lost)

    assert event.payload.fields["full"].bool_value
    assert await pending(tenant, agent) == []
    agent.restart()
    await agent.poll(report=lost)
    assert (await only_pending(tenant, agent)).id != event.id


async def test_a_full_event_that_died_is_found_by_reconciliation(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    agent.restart()
    await agent.poll(report=configurations.AgentReport(ledger_lost=True))
    await exhaust(tenant, agent)

    answer = await reconcile(tenant)

    assert [row.slot for row in answer.rows] == ["config/"]
    event = await only_pending(tenant, agent)
    assert (event.id, event.payload.fields["full"].bool_value) == (answer.rows[0].event_id, True)
