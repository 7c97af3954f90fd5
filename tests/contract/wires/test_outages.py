"""A consumer's own backend that has no access token: the data plane is DEGRADED meanwhile, and says why."""

from __future__ import annotations

from typing import Any

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import refusal

DEGRADED, SYNCED = dataplanes.DATAPLANE_SYNC_DEGRADED, dataplanes.DATAPLANE_SYNC_SYNCED
OUTAGE = configurations.BackendOutage(
    user_id="ada@example.com", backend="azure", reason="login.example answered 401 (invalid_client)"
)


async def says(tenant: Tenant, agent: Agent, **fields: Any) -> dataplanes.Dataplane:
    """A poll with that report; the data plane as it is shown then."""
    await agent.poll(report=configurations.AgentReport(agent_version="1.2.3", **fields))
    await tenant.upkeep("write sightings")
    shown: dataplanes.Dataplane = await tenant.dataplane(agent)
    return shown


async def test_it_is_degraded_by_that_backend_and_well_again_with_its_next_token(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()

    without = await says(tenant, agent, outages=[OUTAGE])
    listed = (await tenant.call(dataplanes.ListDataplanesRequest(workspace_id=tenant.id))).dataplanes
    again = await says(tenant, agent)

    assert (without.sync, list(without.report.outages)) == (DEGRADED, [OUTAGE])
    assert [each.sync for each in listed] == [DEGRADED]
    assert (again.sync, list(again.report.outages)) == (SYNCED, [])


async def test_what_its_release_does_not_support_is_told_first(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    reason = "not supported by this agent: mcp/x; upgrade the data plane"
    odd = {"slot": "mcp/x", "version": 1, "reason": reason}

    assert (await says(tenant, agent, outages=[OUTAGE], rejected=[odd])).sync == (
        dataplanes.DATAPLANE_SYNC_INCOMPATIBLE
    )


async def test_a_long_warning_is_kept_to_its_bound_and_says_so_and_the_poll_is_not_refused(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()

    shown = await says(tenant, agent, warnings=["é" * 2000, "x" * 100_000])

    exact, cut = shown.report.warnings
    assert exact == "é" * 2000
    assert len(cut) == 2000
    assert cut.endswith("x … (cut: 100000 characters in all)")


async def test_more_than_a_report_takes_is_refused_by_its_name(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    named = configurations.BackendOutage(user_id="u" * 201, backend="b" * 101, reason="r" * 2001)

    with refusal("INVALID_ARGUMENT") as refused:
        await says(tenant, agent, outages=[named])

    assert refused.faults.keys() == {f"report.outages[0].{name}" for name in ("user_id", "backend", "reason")}
