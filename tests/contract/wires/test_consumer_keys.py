"""Consumer keys as they are listed, and revoked from that list: live, expired, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration

from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.test_gateway_values import told

LIVE, EXPIRED = consumer_keys.CONSUMER_KEY_STATE_LIVE, consumer_keys.CONSUMER_KEY_STATE_EXPIRED
REVOKED = consumer_keys.CONSUMER_KEY_STATE_REVOKED


async def issue(tenant: Tenant, lifetime: timedelta = timedelta(days=1)) -> str:
    """The jti of a new key of ada's."""
    request = consumer_keys.IssueConsumerKeyRequest(
        workspace_id=tenant.id, consumer_id="ada", lifetime=Duration(seconds=int(lifetime.total_seconds()))
    )
    return str((await tenant.call(request)).key.jti)


async def revoke(tenant: Tenant, jti: str, **fields: Any) -> Any:
    return await tenant.call(consumer_keys.RevokeConsumerKeyRequest(workspace_id=tenant.id, jti=jti, **fields))


async def listed(tenant: Tenant) -> dict[str, Any]:
    answer = await tenant.call(consumer_keys.ListConsumerKeysRequest(workspace_id=tenant.id))
    return {key.jti: key for key in answer.keys}


async def test_the_list_says_which_keys_are_live_expired_and_revoked(tenant: Tenant) -> None:
    short, lost, good = await issue(tenant, timedelta(minutes=1)), await issue(tenant), await issue(tenant)
    await revoke(tenant, lost, reason="lost laptop")
    tenant.running.clock.skip(timedelta(minutes=1))

    keys = await listed(tenant)

    assert [keys[jti].state for jti in (short, lost, good)] == [EXPIRED, REVOKED, LIVE]
    assert (keys[lost].revoked_reason, keys[lost].HasField("revoked_at")) == ("lost laptop", True)
    assert not keys[good].HasField("revoked_at")


async def test_a_revoked_key_is_told_to_the_data_planes_whichever_rpc_revoked_it(tenant: Tenant) -> None:
    agent, jti = await tenant.settled_agent(), await issue(tenant)

    done = await revoke(tenant, jti, reason="lost", request_id="once")
    again = await revoke(tenant, jti, reason="lost", request_id="once")
    by_token = await tenant.call(gateways.RevokeUserTokenRequest(workspace_id=tenant.id, jti=jti))

    assert (done.key.jti, done.key.state, done.key.consumer_id) == (jti, REVOKED, "ada")
    assert done == again
    assert by_token.revision == done.revision
    (event,) = await told(tenant, agent, "revocations")
    assert event.configuration_version == done.revision


async def test_only_a_key_on_record_is_revoked_and_a_dry_run_revokes_none(tenant: Tenant, stranger: Tenant) -> None:
    theirs, ours = await issue(stranger), await issue(tenant)

    for jti in ("ck_unknown", theirs):
        with refusal("NOT_FOUND", "NOT_FOUND") as refused:
            await revoke(tenant, jti)
        assert jti in refused.message
    dry = await revoke(tenant, ours, validate_only=True)

    assert dry.key.state == REVOKED
    assert (await listed(tenant))[ours].state == LIVE
    assert (await listed(stranger))[theirs].state == LIVE
