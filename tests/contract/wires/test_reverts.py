"""A data plane takes back what it had applied: what runs goes back, what was applied does not, and the slot is refused
until another version is desired; on every wire and database, with an agent that is simulated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from controlplane.domain.callers import DataplaneCaller
from controlplane.domain.dataplanes import Boot
from controlplane.domain.reverts import Revert
from controlplane.services.reverts import Reverts
from controlplane.store.tables import slot_states
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.event_steps import row, rung
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.repairs import MISSING, REJECTED, STALE, found, only_pending, reconcile, settle

one_wire = pytest.mark.parametrize("api", ["grpc"], indirect=True, scope="session")


def returned(slot: str = "config/", way: tuple[int, int] = (2, 1), **fields: Any) -> configurations.RevertedSlot:
    """What an agent says of a version that it took back."""
    figures = configurations.RevertFigures(requests=120, failures=40, failure_ratio=1 / 3)
    figures.window.FromTimedelta(timedelta(seconds=30))
    told = configurations.RevertedSlot(slot=slot, from_version=way[0], to_version=way[1], figures=figures, **fields)
    told.reverted_at.FromSeconds(1_700_000_000)
    return told


async def report(agent: Agent, *reverted: configurations.RevertedSlot) -> None:
    """A poll that says so."""
    epoch = (await agent.poll(report=None)).epoch
    said = configurations.AgentReport(agent_version="1.2.3", reverted=reverted)
    await agent.poll(epoch=epoch, report=said)


async def row_of(tenant: Tenant, agent: Agent, user_id: str) -> Any:
    """What the listing says of a consumer's document on that data plane."""
    listed = await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id, user_id=user_id))
    (found,) = [each for each in listed.configurations[0].dataplanes if each.dataplane_id == agent.id]
    return found


async def applied(tenant: Tenant) -> Agent:
    """A data plane that has proven version 2 of the workspace document."""
    agent, event = await rung(tenant)
    await agent.complete(await agent.acknowledge(event.id))
    return agent


async def test_what_runs_goes_back_and_what_was_applied_does_not(tenant: Tenant) -> None:
    agent = await applied(tenant)
    told = returned(reason="the provider openai is unhealthy")

    await report(agent, told)
    await tenant.upkeep()

    shown = await row(tenant, agent)
    assert (shown.desired_version, shown.applied_version, shown.running_version) == (2, 2, 1)
    assert (shown.rejected_version, shown.reverted) == (2, told)
    assert shown.rejected_reason == (
        "taken back, version 1 serves: the provider openai is unhealthy; 40 of 120 requests failed (33.3%) within 30 s"
    )
    assert shown.HasField("drift_age")
    plane = await tenant.dataplane(agent)
    assert (plane.connection, plane.sync) == (
        dataplanes.DATAPLANE_CONNECTION_ONLINE,
        dataplanes.DATAPLANE_SYNC_DEGRADED,
    )
    assert list(plane.report.reverted) == [told]


@one_wire
async def test_it_is_listed_as_rejected_and_left_alone_until_it_is_asked_for_again(tenant: Tenant) -> None:
    agent = await applied(tenant)
    await report(agent, returned())

    left_alone = await reconcile(tenant)
    asked_for = await reconcile(tenant, include_rejected=True)

    assert found(left_alone) == found(asked_for) == [("config/", REJECTED)]
    assert (left_alone.enqueued_count, asked_for.enqueued_count) == (0, 1)
    await settle(tenant, agent)
    shown = await row(tenant, agent)
    assert (shown.applied_version, shown.running_version, shown.rejected_version) == (2, 2, 0)
    assert not shown.HasField("reverted")
    assert found(await reconcile(tenant)) == []


@one_wire
async def test_what_a_replica_of_the_release_before_records_as_applied_ends_it_too(tenant: Tenant) -> None:
    agent = await applied(tenant)
    await report(agent, returned())
    work: Any
    async with tenant.running.plane.store.unit_of_work() as work:  # it does not know what is taken back
        lifted = {"rejected_version": 0, "rejected_reason": ""}
        await work._transaction.change(
            update(slot_states).where(slot_states.c.dataplane_id == agent.id).values(**lifted)
        )

    await agent.poll()
    await tenant.upkeep()

    shown = await row(tenant, agent)
    assert (shown.applied_version, shown.running_version, shown.HasField("reverted")) == (2, 2, False)
    assert (await tenant.dataplane(agent)).sync == dataplanes.DATAPLANE_SYNC_SYNCED
    assert found(await reconcile(tenant)) == []


@one_wire
async def test_another_desired_version_ends_it(tenant: Tenant) -> None:
    agent = await applied(tenant)
    await report(agent, returned())
    await tenant.put(document(alias="better"))
    event = await only_pending(tenant, agent)

    refused = await agent.fail(await agent.acknowledge(event.id), retryable=False)
    still = await row(tenant, agent)
    await tenant.put(document(alias="best"))
    await settle(tenant, agent)

    assert refused.status == events.EVENT_STATUS_FAILED
    assert (still.applied_version, still.running_version, still.rejected_version) == (2, 1, 3)
    shown = await row(tenant, agent)
    assert (shown.applied_version, shown.running_version, shown.rejected_version) == (4, 4, 0)
    assert not shown.HasField("reverted")


@one_wire
async def test_told_again_it_is_entered_once_and_told_anew_with_its_new_figures(tenant: Tenant) -> None:
    agent = await applied(tenant)
    await report(agent, returned())
    first = await row(tenant, agent)
    await report(agent, returned())
    await report(agent)  # says nothing of it: it is refused all the same
    again = await row(tenant, agent)
    later = returned()
    later.figures.failures = 41
    await report(agent, later)

    assert first.reverted == again.reverted
    assert (again.running_version, again.rejected_version) == (1, 2)
    assert (await row(tenant, agent)).reverted == later


@one_wire
async def test_the_same_return_after_another_try_is_entered_again(tenant: Tenant) -> None:
    agent = await applied(tenant)
    await report(agent, returned())
    await reconcile(tenant, include_rejected=True)
    await settle(tenant, agent)
    second = returned()
    second.reverted_at.FromSeconds(1_700_000_900)

    await report(agent, second)

    shown = await row(tenant, agent)
    assert (shown.applied_version, shown.running_version, shown.reverted) == (2, 1, second)


@one_wire
async def test_what_never_was_or_is_over_is_ignored(tenant: Tenant) -> None:
    agent = await applied(tenant)
    documents = ((3, 1), (2, 2), (1, 0), (0, 0))
    others = ("config/nobody", "revocations", "gatekeeper_keys", "upgrade")

    await report(agent, *(returned(way=way) for way in documents), *(returned(slot, (1, 0)) for slot in others))
    await tenant.upkeep()

    assert (await row(tenant, agent)).rejected_version == 0
    assert (await tenant.dataplane(agent)).sync == dataplanes.DATAPLANE_SYNC_SYNCED
    ignored = [line for line in tenant.running.journal.lines if agent.id in line and "ignored" in line]
    assert len(ignored) == len(documents) + len(others)


@one_wire
async def test_a_report_of_another_history_or_of_a_boot_that_is_over_is_ignored(tenant: Tenant) -> None:
    agent = await applied(tenant)
    said = configurations.AgentReport(agent_version="1.2.3", reverted=[returned()])

    await agent.poll(report=said, epoch="of another history")
    await agent.poll(report=said)  # of no history at all
    agent.restart()
    await agent.poll()
    caller = DataplaneCaller(agent.id, tenant.id)
    elsewhere = Reverts(tenant.running.plane.store)  # a replica that has not heard of the new boot
    told = Revert("config/", from_version=2, to_version=1)
    await elsewhere.note(caller, Boot(1, "nonce-of-boot-1"), (told,), of_this_history=True)

    assert (await row(tenant, agent)).rejected_version == 0


@one_wire
async def test_the_words_of_a_data_plane_begin_no_line_of_the_log(tenant: Tenant) -> None:
    agent = await applied(tenant)

    await report(agent, returned(reason="bad\nERROR forged"), returned("config/ada\nERROR forged", (1, 0)))

    told = [line for line in tenant.running.journal.lines if agent.id in line and "forged" in line]
    assert len(told) == 2
    assert not [line for line in told if "\n" in line]


@one_wire
async def test_the_end_of_the_event_may_come_after_the_return(tenant: Tenant) -> None:
    agent, event = await rung(tenant)
    held = await agent.acknowledge(event.id)
    await report(agent, returned())
    before = await row(tenant, agent)

    await agent.complete(held)

    assert (before.applied_version, before.running_version, before.rejected_version) == (1, 1, 2)
    shown = await row(tenant, agent)
    assert (shown.applied_version, shown.running_version, shown.rejected_version) == (2, 1, 2)
    assert found(await reconcile(tenant)) == [("config/", REJECTED)]


@one_wire
async def test_a_consumers_return_holds_for_one_workspace_version_only(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(consumer("alice"), "alice")
    agent = await tenant.settled_agent()
    await report(agent, returned("config/alice", way=(1, 0)))
    before, shown = await reconcile(tenant), await row_of(tenant, agent, "alice")
    await tenant.put(document(alias="other"))
    await settle(tenant, agent)

    after = await reconcile(tenant)

    assert (shown.applied_version, shown.running_version) == (1, 0)
    assert found(before) == [("config/alice", REJECTED)]
    assert (found(after), after.enqueued_count) == ([("config/alice", STALE)], 1)
    await settle(tenant, agent)
    assert found(await reconcile(tenant)) == []


@one_wire
async def test_a_workspace_version_that_was_taken_back_is_none_that_consumers_are_refused_with(tenant: Tenant) -> None:
    agent = await applied(tenant)
    await tenant.put(consumer("alice"), "alice")
    held = await agent.acknowledge((await only_pending(tenant, agent)).id)
    await agent.complete(held, outcome=events.EVENT_OUTCOME_FAILED, error="no", workspace_version=2)
    with_the_newer = await reconcile(tenant)

    await report(agent, returned())

    assert found(with_the_newer) == [("config/alice", REJECTED)]
    assert found(await reconcile(tenant)) == [("config/", REJECTED), ("config/alice", MISSING)]


@one_wire
async def test_a_full_event_that_began_later_settles_it_and_one_that_began_before_does_not(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(consumer("alice"), "alice")
    agent = await tenant.settled_agent()
    for begun_before in (True, False):
        agent.restart()
        await agent.poll(report=configurations.AgentReport(ledger_lost=True))
        full = await only_pending(tenant, agent)
        if begun_before:
            held = await agent.acknowledge(full.id)
            await report(agent, returned("config/alice", way=(1, 0)))
        else:
            held = await agent.acknowledge(full.id)
        await agent.complete(held)

        running = (await row_of(tenant, agent, "alice")).running_version
        assert running == (0 if begun_before else 1)


@one_wire
async def test_a_consumer_that_the_data_plane_tried_again_by_itself_is_refused_in_the_new_pair(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    held = await agent.acknowledge((await only_pending(tenant, agent)).id)
    await agent.complete(held, outcome=events.EVENT_OUTCOME_FAILED, error="no", workspace_version=1)
    await tenant.put(document(alias="other"))
    await settle(tenant, agent)
    not_told = await reconcile(tenant, validate_only=True)
    again = events.RejectedSlot(slot="config/alice", version=1, reason="still no", workspace_version=2)

    await agent.poll(report=configurations.AgentReport(rejected=[again]))
    await tenant.upkeep()

    assert found(not_told) == [("config/alice", MISSING)]
    assert found(await reconcile(tenant)) == [("config/alice", REJECTED)]
