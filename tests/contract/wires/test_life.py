"""The whole life: from the first key to a data plane that runs, proven, what an operator wrote."""

from __future__ import annotations

import asyncio

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from contract.sealing import decrypt_secret, delivery_context, open_delivery_key
from tests.contract.wires.documents import document
from tests.contract.wires.people import Tenant

PROOF = events.ApplyProof(
    envoy_version="1.40.0", resources=[events.ProvenResource(name="listener/http", digest="abc123")]
)


async def test_a_document_reaches_a_data_plane_is_proven_applied_and_shows_as_synced(tenant: Tenant) -> None:
    put = await tenant.put(document(api_key="sk-upstream"), reason="first")
    assert (put.changed, put.configuration.version, list(put.event_ids)) == (True, 1, [])
    triggered = await tenant.trigger(reason="again")
    assert not triggered.changed
    agent = await tenant.enrol()

    news = await agent.poll()
    (event,) = news.pending_events
    assert event.payload.fields["full"].bool_value
    assert [each.version for each in news.configurations] == [1]
    (held,) = [await agent.acknowledge(event.id)]
    assert (held.status, held.attempt) == (events.EVENT_STATUS_ACKNOWLEDGED, 1)
    done = await agent.complete(held, digest=put.configuration.digest, proof=PROOF)

    assert done.status == events.EVENT_STATUS_APPLIED
    await agent.poll(news.revision, report=configurations.AgentReport(received_revision=news.revision))
    await tenant.upkeep()
    (listed,) = (await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id))).configurations
    (row,) = listed.dataplanes
    versions = (row.desired_version, row.delivered_version, row.applied_version, row.running_version)
    assert (row.dataplane_id, *versions) == (agent.id, 1, 1, 1, 1)
    assert row.proof.resources[0].name == "listener/http"
    shown = await tenant.dataplane(agent)
    assert shown.sync == dataplanes.DATAPLANE_SYNC_SYNCED
    assert shown.applied_revision == news.revision == shown.desired_revision


async def test_a_hanging_poll_is_answered_by_the_change_it_waits_for(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    known = await agent.poll()
    hanging = asyncio.create_task(agent.poll(known.revision, cursor=known.event_cursor, wait=30))
    await _until_hanging(tenant)

    put = await tenant.put()

    news = await hanging
    assert [each.digest for each in news.configurations] == [put.configuration.digest]
    assert [each.id for each in news.pending_events] == list(put.event_ids)


async def test_a_poll_with_nothing_new_hangs_for_as_long_as_it_asked_and_then_says_so(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    known = await agent.poll()

    news = await agent.poll(known.revision, cursor=known.event_cursor, wait=0.2)

    assert not news.configurations
    assert not news.pending_events
    assert (news.revision, news.epoch, news.more, news.resync) == (known.revision, known.epoch, False, False)


async def test_an_inline_credential_is_delivered_sealed_to_the_enrolled_key_alone(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    await tenant.put(document(api_key="sk-upstream-7"))

    news = await agent.poll()

    (secret,) = news.secrets
    (sealed,) = [key for key in news.delivery_keys if key.id == secret.delivery_key_id]
    private = agent.sealing.private_bytes_raw()
    key = open_delivery_key(sealed.sealed, private, delivery_context(tenant.id, agent.id))
    plaintext = decrypt_secret(
        key, workspace_id=tenant.id, ref=secret.ref, origin=secret.origin, ciphertext=secret.ciphertext
    )
    assert plaintext == b"sk-upstream-7"
    assert secret.ref.encode() in news.configurations[0].document
    assert b"sk-upstream-7" not in news.SerializeToString()


async def test_a_management_caller_gets_the_names_of_secrets_and_nothing_that_opens(tenant: Tenant) -> None:
    await tenant.enrol()
    await tenant.put(document(api_key="sk-upstream-8"))

    news = await tenant.call(configurations.GetConfigurationRequest(workspace_id=tenant.id))

    (secret,) = news.secrets
    assert secret.ref.startswith("secret://")
    assert (secret.ciphertext, secret.delivery_key_id, list(news.delivery_keys)) == (b"", "", [])
    assert not news.pending_events


async def test_a_rotated_credential_is_a_new_version_and_the_same_one_is_none(tenant: Tenant) -> None:
    first = await tenant.put(document(api_key="sk-one"))

    same = await tenant.put(document(api_key="sk-one"))
    other = await tenant.put(document(api_key="sk-two"))

    assert (same.changed, other.changed) == (False, True)
    assert first.configuration.digest != other.configuration.digest
    assert (await tenant.put(first.document.content)).changed is False


async def _until_hanging(tenant: Tenant) -> None:
    """The waiter is registered; what follows is a wake, not a poll that came late."""
    feed = tenant.running.plane.feed
    async with asyncio.timeout(60):
        while not feed.hanging:  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(0.01)
