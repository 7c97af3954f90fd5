"""Thirty days later: what is let go, and what is still known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Tenant
from tests.contract.wires.repairs import found, only_pending, reconcile, settle

MONTH = timedelta(days=31)


async def test_history_ends_after_thirty_days_and_what_is_current_stays(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(document(alias="other"))
    agent = await tenant.enrol()
    held = await agent.acknowledge((await only_pending(tenant, agent)).id)
    await agent.complete(held, proof=events.ApplyProof(envoy_version="1.40.0"))

    tenant.running.clock.skip(MONTH)
    await tenant.upkeep()

    assert await tenant.events_of(agent) == []
    request = configurations.ListConfigurationsRequest(workspace_id=tenant.id, history=True)
    (current,) = (await tenant.call(request)).configurations
    assert current.version == 2
    (row,) = current.dataplanes
    assert (row.applied_version, row.proof.envoy_version) == (2, "1.40.0")
    assert found(await reconcile(tenant)) == []


async def test_what_a_data_plane_still_applies_is_known_however_old(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await tenant.put(consumer("alice"), "alice")
    await settle(tenant, agent)
    await tenant.put(consumer("alice", groups=["g"]), "alice")

    tenant.running.clock.skip(MONTH)
    await tenant.upkeep()
    await tenant.upkeep()

    request = configurations.ListConfigurationsRequest(workspace_id=tenant.id, user_id="alice")
    (current,) = (await tenant.call(request)).configurations
    assert (current.dataplanes[0].desired_version, current.dataplanes[0].applied_version) == (2, 1)


async def test_more_than_one_transaction_takes_is_let_go_all_the_same(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    for _ in range(4):
        await tenant.trigger(force=True)
    await tenant.noticed()
    await agent.settle()
    monkeypatch.setattr("controlplane.services.retention.AT_ONCE", 2)

    tenant.running.clock.skip(MONTH)
    await tenant.upkeep()

    assert await tenant.events_of(agent) == []
