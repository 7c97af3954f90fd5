"""Upgrades as operators and data planes see them: credentials sealed and wiped, commands rung, phases shown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import upgrades_pb2 as upgrades
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from contract.sealing import open_by_dataplane, upgrade_context
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import refusal

SECRET = "canary-registry-password"


async def submit(tenant: Tenant, agent: Agent, **fields: Any) -> str:
    """The upgrade's event id."""
    asked = {"registry": "registry.example", "username": "robot", "secret": SECRET, "target_version": "1.2.0"}
    request = upgrades.SubmitDataplaneUpgradeCredentialsRequest(
        workspace_id=tenant.id, **{"dataplane_id": agent.id, **asked, **fields}
    )
    return str((await tenant.call(request)).upgrade_event_id)


async def view(tenant: Tenant, agent: Agent) -> Any:
    """The latest upgrade as it is shown."""
    return (await tenant.call(dataplanes.GetDataplaneRequest(dataplane_id=agent.id))).dataplane.upgrade


async def command(tenant: Tenant, agent: Agent, kind: int) -> Any:
    """The pending event of that type, acknowledged."""
    await tenant.noticed()
    (event,) = [event for event in await agent.pending() if event.type == kind]
    return await agent.acknowledge(event.id)


async def completed(tenant: Tenant, agent: Agent) -> str:
    """An upgrade that came to its end; its event id."""
    event_id = await submit(tenant, agent)
    await agent.complete(await command(tenant, agent, events.EVENT_TYPE_UPGRADE))
    return event_id


async def test_credentials_reach_only_their_data_plane_sealed_and_are_wiped_when_it_has_them(tenant: Tenant) -> None:
    agent, other = await tenant.settled_agent(), await tenant.settled_agent()
    event_id = await submit(tenant, agent)
    get = upgrades.GetDataplaneUpgradeCredentialsRequest(upgrade_event_id=event_id)

    sealed = (await agent.api(get, agent.token)).sealed

    context = upgrade_context(tenant.id, agent.id, event_id)
    opened = json.loads(open_by_dataplane(sealed, agent.sealing.private_bytes_raw(), context))
    assert opened == {"registry": "registry.example", "username": "robot", "secret": SECRET}
    assert SECRET.encode() not in sealed
    with refusal("NOT_FOUND", "NOT_FOUND"):
        await other.api(get, other.token)
    with refusal("PERMISSION_DENIED", "CALLER_KIND"):
        await tenant.call(get)
    await agent.api(upgrades.AckDataplaneUpgradeCredentialsRequest(upgrade_event_id=event_id), agent.token)
    assert (await view(tenant, agent)).phase == upgrades.UPGRADE_PHASE_CREDENTIALS_READY
    with refusal("NOT_FOUND", "NOT_FOUND"):
        await agent.api(get, agent.token)


async def test_an_agent_that_cannot_upgrade_ends_it_as_failed_with_its_words(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    event_id = await submit(tenant, agent)
    event = await command(tenant, agent, events.EVENT_TYPE_UPGRADE)
    assert event.id == event_id

    await agent.fail(event, retryable=False, error="not supported by this agent")

    shown = await view(tenant, agent)
    assert (shown.phase, shown.error) == (upgrades.UPGRADE_PHASE_FAILED, "not supported by this agent")


async def test_an_upgrade_whose_agent_is_never_heard_of_again_has_failed(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await submit(tenant, agent)
    for _ in range(5):
        await command(tenant, agent, events.EVENT_TYPE_UPGRADE)
        agent.restart()
        tenant.running.clock.skip(timedelta(seconds=61))
        await tenant.upkeep()

    shown = await view(tenant, agent)

    assert (shown.phase, shown.error) == (upgrades.UPGRADE_PHASE_FAILED, "the lease ran out in attempt 5")
    await submit(tenant, agent)  # the way is free for another


async def test_a_completed_upgrade_can_be_rolled_back_and_the_roll_back_is_the_latest_view(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await completed(tenant, agent)
    assert (await view(tenant, agent)).phase == upgrades.UPGRADE_PHASE_COMPLETED

    roll_back = upgrades.RollbackDataplaneUpgradeRequest(workspace_id=tenant.id, dataplane_id=agent.id)
    event_id = (await tenant.call(roll_back)).rollback_event_id

    shown = await view(tenant, agent)
    assert (shown.event_id, shown.phase) == (event_id, upgrades.UPGRADE_PHASE_ROLLING_BACK)
    await agent.complete(await command(tenant, agent, events.EVENT_TYPE_UPGRADE_ROLLBACK))
    assert (await view(tenant, agent)).phase == upgrades.UPGRADE_PHASE_ROLLED_BACK
    with refusal("FAILED_PRECONDITION", "UPGRADE_PHASE"):
        await tenant.call(roll_back)


async def test_a_cancellation_is_a_command_of_its_own_and_a_second_one_changes_nothing(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    event_id = await submit(tenant, agent)
    cancel = upgrades.CancelDataplaneUpgradeRequest(workspace_id=tenant.id, dataplane_id=agent.id)

    phases = [(await tenant.call(cancel)).phase for _ in range(2)]

    assert phases == [upgrades.UPGRADE_PHASE_CANCELLING] * 2
    rung = await command(tenant, agent, events.EVENT_TYPE_UPGRADE_CANCEL)
    assert rung.slot == f"upgrade_cancel/{event_id}"
    await agent.complete(rung)
    assert (await view(tenant, agent)).phase == upgrades.UPGRADE_PHASE_CANCELLED
    assert (await tenant.call(cancel)).phase == upgrades.UPGRADE_PHASE_CANCELLED


async def test_one_upgrade_at_a_time(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await submit(tenant, agent)

    with refusal("FAILED_PRECONDITION", "UPGRADE_RUNNING"):
        await submit(tenant, agent)


async def test_a_repeated_submission_is_the_same_upgrade(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()

    assert await submit(tenant, agent, request_id="r1") == await submit(tenant, agent, request_id="r1")


async def test_credentials_live_a_day_at_the_most(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    ends = Timestamp()
    ends.FromDatetime(tenant.running.clock.now() + timedelta(hours=25))

    with refusal("INVALID_ARGUMENT") as caught:
        await submit(tenant, agent, expires_at=ends)

    assert list(caught.refused.faults) == ["expires_at"]


async def test_where_there_are_several_data_planes_one_must_be_named(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.settled_agent()

    with refusal("INVALID_ARGUMENT") as caught:
        await submit(tenant, agent, dataplane_id="")

    assert list(caught.refused.faults) == ["dataplane_id"]
