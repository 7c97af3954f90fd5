"""A data plane that is revoked, or was not seen for long: what is closed, what it can still open, how it comes back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from contract.sealing import DeliveryKey, decrypt_secret, delivery_context, open_delivery_key
from tests.contract.wires.documents import document
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import refusal


async def test_secrets_of_before_are_delivered_under_a_key_the_revoked_one_never_had(tenant: Tenant) -> None:
    await tenant.put(document(api_key="sk-upstream"))
    gone, stays = await tenant.enrol(), await tenant.enrol()
    before = await stays.poll()
    await gone.poll()

    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=gone.id))
    await tenant.noticed()

    after = await stays.poll()
    assert {key.id for key in before.delivery_keys}.isdisjoint(key.id for key in after.delivery_keys)
    assert opened(stays, after) == b"sk-upstream"
    with refusal("UNAUTHENTICATED", "DATAPLANE_REVOKED"):
        await gone.poll()


async def test_a_revoked_data_plane_does_not_hang_on(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    known = await agent.poll()
    hanging = asyncio.create_task(agent.poll(known.revision, cursor=known.event_cursor, wait=30))
    feed = tenant.running.plane.feed
    async with asyncio.timeout(60):
        while not feed.hanging:  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(0.01)

    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=agent.id))

    async with asyncio.timeout(60):
        assert not (await hanging).configurations
    with refusal("UNAUTHENTICATED", "DATAPLANE_REVOKED"):
        await agent.poll()


async def test_a_data_plane_that_enrols_after_a_revocation_opens_what_was_stored_before(tenant: Tenant) -> None:
    await tenant.put(document(api_key="sk-upstream"))
    gone = await tenant.enrol()
    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=gone.id))

    late = await tenant.enrol()
    await tenant.noticed()

    assert opened(late, await late.poll()) == b"sk-upstream"


async def test_who_was_not_seen_for_a_month_is_retired_and_its_next_call_revives_it(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    (event,) = await agent.pending()
    await tenant.upkeep()

    tenant.running.clock.skip(timedelta(days=31))
    await tenant.upkeep()
    await tenant.noticed()

    assert (await tenant.dataplane(agent)).connection == dataplanes.DATAPLANE_CONNECTION_RETIRED
    (closed,) = await tenant.events_of(agent)
    assert (closed.id, closed.status) == (event.id, events.EVENT_STATUS_SUPERSEDED)
    await tenant.put()
    assert not (await tenant.call(slots.ReconcileWorkspaceRequest(workspace_id=tenant.id))).rows
    await tenant.call(slots.FullSyncWorkspaceRequest(workspace_id=tenant.id))
    assert len(await tenant.events_of(agent)) == 1

    await agent.poll()
    await tenant.noticed()
    (full,) = await agent.pending()
    assert full.payload.fields["full"].bool_value
    await tenant.upkeep()
    assert (await tenant.dataplane(agent)).sync == dataplanes.DATAPLANE_SYNC_STALE


async def test_what_an_agents_release_does_not_support_shows_as_incompatible(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    reason = "not supported by this agent: mcp/files; upgrade the data plane"
    report = configurations.AgentReport(rejected=[events.RejectedSlot(slot="mcp/files", version=1, reason=reason)])

    await agent.poll(report=report)
    await tenant.upkeep()

    assert (await tenant.dataplane(agent)).sync == dataplanes.DATAPLANE_SYNC_INCOMPATIBLE


def opened(agent: Agent, news: configurations.GetConfigurationResponse) -> bytes:
    """The only secret of an answer, as the data plane reads it."""
    (secret,) = news.secrets
    (sealed,) = [key for key in news.delivery_keys if key.id == secret.delivery_key_id]
    context = delivery_context(agent.workspace_id, agent.id)
    key: DeliveryKey = open_delivery_key(sealed.sealed, agent.sealing.private_bytes_raw(), context)
    return decrypt_secret(
        key, workspace_id=agent.workspace_id, ref=secret.ref, origin=secret.origin, ciphertext=secret.ciphertext
    )
