"""What is shown as running: what the data plane last said, and at once what it proved after it said so."""

from __future__ import annotations

import pytest

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from tests.contract.wires.documents import document
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.repairs import only_pending

one_wire = pytest.mark.parametrize("api", ["connect"], indirect=True, scope="session")


async def says(tenant: Tenant, agent: Agent, revision: int, running: int) -> None:
    """A poll that reports what of the workspace document runs, and the report's way into the store."""
    slot = configurations.RunningVersion(slot="config/", version=running)
    await agent.poll(report=configurations.AgentReport(received_revision=revision, running=[slot]))
    await tenant.upkeep()


async def applied_and_running(tenant: Tenant) -> tuple[int, int]:
    (listed,) = (await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id))).configurations
    (row,) = listed.dataplanes
    return row.applied_version, row.running_version


@one_wire
async def test_what_is_proven_is_shown_as_running_before_the_data_plane_reports_again(tenant: Tenant) -> None:
    first = await tenant.put()
    agent = await tenant.settled_agent()
    await says(tenant, agent, first.configuration.revision, running=1)
    await tenant.put(document(alias="other"))
    held = await agent.acknowledge((await only_pending(tenant, agent)).id)
    before = await applied_and_running(tenant)

    await agent.complete(held)

    assert before == (1, 1)
    assert await applied_and_running(tenant) == (2, 2)


@one_wire
async def test_a_data_plane_that_received_it_and_says_that_an_older_one_runs_is_believed(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    second = await tenant.put(document(alias="other"))
    await agent.complete(await agent.acknowledge((await only_pending(tenant, agent)).id))

    await says(tenant, agent, second.configuration.revision, running=1)

    assert await applied_and_running(tenant) == (2, 1)
