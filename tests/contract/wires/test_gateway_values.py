"""Revoked keys, MCP servers, rotated signing keys: how they reach data planes, and how not."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import operations_pb2 as operations
from tests.contract.wires.documents import document
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import refusal


async def issued(tenant: Tenant, consumer: str = "alice") -> Any:
    """A new consumer key's record."""
    return (await tenant.call(consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id=consumer))).key


async def revoke(tenant: Tenant, jti: str, **fields: Any) -> int:
    """RevokeUserToken as admin; the revision."""
    request = gateways.RevokeUserTokenRequest(workspace_id=tenant.id, jti=jti, **fields)
    return int((await tenant.call(request)).revision)


async def news_of(tenant: Tenant, agent: Agent, since: int = 0) -> Any:
    """What a poll brings once everything so far was noticed."""
    await tenant.noticed()
    return await agent.poll(since)


async def told(tenant: Tenant, agent: Agent, slot: str) -> list[Any]:
    """The pending events of one slot."""
    return [event for event in (await news_of(tenant, agent)).pending_events if event.slot == slot]


def after(tenant: Tenant, by: timedelta) -> Timestamp:
    """A time from now on."""
    stamp = Timestamp()
    stamp.FromDatetime(tenant.running.clock.now() + by)
    return stamp


async def test_a_revoked_key_reaches_the_data_plane_with_its_own_end_and_one_event(tenant: Tenant) -> None:
    agent, key = await tenant.settled_agent(), await issued(tenant)
    before = (await news_of(tenant, agent)).revision

    revision = await revoke(tenant, key.jti, reason="lost laptop")

    news = await news_of(tenant, agent, before)
    (revocation,) = news.revocations
    assert (revocation.jti, revocation.revision) == (key.jti, revision)
    assert revocation.expires_at == key.expires_at
    (event,) = [event for event in news.pending_events if event.slot == "revocations"]
    assert (event.type, event.configuration_version) == (events.EVENT_TYPE_TOKEN_REVOKED, revision)
    done = await agent.complete(await agent.acknowledge(event.id))
    assert done.status == events.EVENT_STATUS_APPLIED


async def test_revoking_twice_changes_nothing_and_a_later_end_is_taken(tenant: Tenant) -> None:
    key = await issued(tenant)
    first = await revoke(tenant, key.jti)

    assert await revoke(tenant, key.jti) == first
    sooner = await revoke(tenant, key.jti, expires_at=after(tenant, timedelta(days=1)))
    later = await revoke(tenant, key.jti, expires_at=after(tenant, timedelta(days=900)))

    assert (sooner, later) == (first, first + 1)


async def test_a_key_is_revoked_until_its_own_end_at_least(tenant: Tenant) -> None:
    agent, key = await tenant.settled_agent(), await issued(tenant)

    revision = await revoke(tenant, key.jti, expires_at=after(tenant, timedelta(days=1)))

    (revocation,) = (await news_of(tenant, agent, revision - 1)).revocations
    assert revocation.expires_at == key.expires_at


async def test_a_key_without_a_record_is_revoked_for_years(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    before = (await news_of(tenant, agent)).revision

    await revoke(tenant, "ck_lost_with_a_backup")

    (revocation,) = (await news_of(tenant, agent, before)).revocations
    ends_in = revocation.expires_at.ToDatetime() - tenant.running.clock.now().replace(tzinfo=None)
    assert timedelta(days=365) < ends_in < timedelta(days=3650)


async def test_an_end_in_the_past_is_refused_where_no_record_tells_the_keys_own(tenant: Tenant) -> None:
    with refusal("INVALID_ARGUMENT") as caught:
        await revoke(tenant, "ck_unknown", expires_at=after(tenant, -timedelta(days=1)))

    assert caught.faults.keys() == {"expires_at"}


async def test_a_new_data_plane_gets_every_revocation(tenant: Tenant) -> None:
    revoked = [(await issued(tenant)).jti for _ in range(3)]
    for jti in revoked:
        await revoke(tenant, jti)

    agent = await tenant.enrol()

    assert [each.jti for each in (await news_of(tenant, agent)).revocations] == revoked


async def test_what_a_data_plane_holds_and_a_restored_store_lost_is_taken_over_and_told_to_all(tenant: Tenant) -> None:
    one, other = await tenant.settled_agent(), await tenant.settled_agent()
    known = await revoke(tenant, "ck_known")
    held = [
        configurations.Revocation(jti=jti, expires_at=after(tenant, timedelta(days=ends_in)))
        for jti, ends_in in (("ck_known", 3), ("ck_lost", 3), ("ck_just_ended", -1), ("ck_ended", -3))
    ]

    await one.poll(held_revocations=held)

    news = await news_of(tenant, other, known)
    assert {each.jti for each in news.revocations} == {"ck_lost", "ck_just_ended"}
    assert [event.slot for event in news.pending_events] == ["revocations"]
    await one.poll(held_revocations=held)
    assert (await news_of(tenant, other)).revision == news.revision


async def test_a_revocation_until_the_end_of_the_calendar_is_told_and_taken_over(tenant: Tenant) -> None:
    one, other = await tenant.settled_agent(), await tenant.settled_agent()
    for_ever = Timestamp()
    for_ever.FromJsonString("9999-12-31T23:59:59Z")
    revision = await revoke(tenant, "ck_known", expires_at=for_ever)

    await one.poll(held_revocations=[configurations.Revocation(jti="ck_lost", expires_at=for_ever)])

    told_of = (await news_of(tenant, other, revision - 1)).revocations
    assert [(each.jti, each.expires_at) for each in told_of] == [("ck_known", for_ever), ("ck_lost", for_ever)]


async def test_many_revocations_wait_as_one_event(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    revisions = [await revoke(tenant, f"ck_{number}") for number in range(3)]

    (event,) = await told(tenant, agent, "revocations")

    assert event.configuration_version == revisions[-1]


async def test_a_viewer_revokes_nothing(tenant: Tenant) -> None:
    viewer = await tenant.key(management_keys.ROLE_VIEWER)

    with refusal("PERMISSION_DENIED"):
        await tenant.api(gateways.RevokeUserTokenRequest(workspace_id=tenant.id, jti="ck"), viewer)


async def test_an_mcp_server_becomes_a_value_and_the_same_again_changes_nothing(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    request = gateways.UpsertMCPCatalogServerRequest(
        workspace_id=tenant.id, id="files", name="Files", url="http://files.mcp.svc:8080/mcp"
    )
    before = (await news_of(tenant, agent)).revision

    revision = (await tenant.call(request)).revision
    again = (await tenant.call(request)).revision

    assert revision == again == before + 1
    news = await news_of(tenant, agent, before)
    (value,) = news.values
    assert (value.slot, value.version) == ("mcp/files", 1)
    stored = json.loads(value.value)
    assert (stored["url"], stored["is_enabled"]) == ("http://files.mcp.svc:8080/mcp", True)
    (event,) = news.pending_events
    assert (event.type, event.slot) == (events.EVENT_TYPE_MCP_CATALOG_UPSERT, "mcp/files")
    done = await agent.complete(await agent.acknowledge(event.id), digest=value.digest)
    assert done.status == events.EVENT_STATUS_APPLIED


async def test_every_fault_of_an_mcp_server_is_named_at_once(tenant: Tenant) -> None:
    request = gateways.UpsertMCPCatalogServerRequest(
        workspace_id=tenant.id, id="../x", name="X", url="file:///etc/passwd", icon_url="javascript:alert(1)"
    )
    request.authentication.update(
        {"type": "oauth", "token_url": "https://id.example", "steps": [{"client_secret": "canary"}]}
    )

    with refusal("INVALID_ARGUMENT") as caught:
        await tenant.call(request)

    assert caught.faults.keys() == {"id", "url", "icon_url", "authentication.steps[0].client_secret"}
    assert "canary" not in str(caught.faults)


async def test_an_mcp_server_may_be_in_the_cluster_and_nowhere_that_nobody_may_go(tenant: Tenant) -> None:
    def upsert(url: str, icon_url: str = "") -> Any:
        return tenant.call(
            gateways.UpsertMCPCatalogServerRequest(
                workspace_id=tenant.id, id="files", name="Files", url=url, icon_url=icon_url
            )
        )

    assert (await upsert("http://10.96.0.7:8080/mcp")).revision
    for url in (
        "http://169.254.169.254/latest",
        "http://[::ffff:169.254.169.254]/",
        "http://127.0.0.1:9",
        "http://0x7f.1",
    ):
        with refusal("INVALID_ARGUMENT") as refused:
            await upsert(url, icon_url=url)
        assert set(refused.faults) == {"url", "icon_url"}


async def test_a_data_plane_is_validated_and_told_the_public_keys(tenant: Tenant) -> None:
    agent = await tenant.enrol()

    found = await tenant.api(gateways.ValidateDataplaneRequest(), agent.token)

    assert (found.dataplane_id, found.workspace_id) == (agent.id, tenant.id)
    (key,) = json.loads(found.jwks)["keys"]
    assert "d" not in key
    with refusal("PERMISSION_DENIED"):
        await tenant.call(gateways.ValidateDataplaneRequest())


async def test_a_revoked_data_plane_is_told_so_and_nothing_else(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=agent.id))
    await tenant.noticed()

    with refusal("UNAUTHENTICATED", "DATAPLANE_REVOKED"):
        await tenant.api(gateways.ValidateDataplaneRequest(), agent.token)


async def test_signing_keys_rotate_with_an_overlap(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    (old,) = await key_ids(tenant, agent)

    made = await tenant.call(operations.RotateGatekeeperKeyRequest(workspace_id=tenant.id))

    assert await key_ids(tenant, agent) == {old, made.kid}
    (event,) = await told(tenant, agent, "gatekeeper_keys")
    assert (event.type, event.configuration_version) == (events.EVENT_TYPE_GATEKEEPER_KEYS, 2)
    await tenant.call(operations.RetireGatekeeperKeyRequest(workspace_id=tenant.id, kid=old))
    assert await key_ids(tenant, agent) == {made.kid}


async def test_the_key_that_signs_cannot_be_retired_nor_an_unknown_one(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    (kid,) = await key_ids(tenant, agent)

    with refusal("FAILED_PRECONDITION", "KEY_IN_USE"):
        await tenant.call(operations.RetireGatekeeperKeyRequest(workspace_id=tenant.id, kid=kid))
    with refusal("INVALID_ARGUMENT") as caught:
        await tenant.call(operations.RetireGatekeeperKeyRequest(workspace_id=tenant.id, kid="k"))

    assert caught.faults.keys() == {"kid"}


async def key_ids(tenant: Tenant, agent: Agent) -> set[str]:
    """Of the keys that the data plane is told."""
    found = await tenant.api(gateways.ValidateDataplaneRequest(), agent.token)
    return {key["kid"] for key in json.loads(found.jwks)["keys"]}


async def test_providers_are_listed_with_their_models_and_never_their_credentials(tenant: Tenant) -> None:
    assert not (await tenant.call(configurations.ListActiveProvidersRequest(workspace_id=tenant.id))).providers
    await tenant.put(document(api_key="sk-upstream-9"))

    answer = await tenant.call(configurations.ListActiveProvidersRequest(workspace_id=tenant.id))

    assert [(each.model_count, each.credential_resolves) for each in answer.providers] == [(1, True)]
    assert b"sk-upstream-9" not in answer.SerializeToString()
