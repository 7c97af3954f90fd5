"""Join tokens are listed without their secrets and can be ended before their time, on every wire and database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.test_enrolment import fresh

one_wire = pytest.mark.parametrize("api", ["connect"], indirect=True, scope="session")


async def listed(tenant: Tenant, *, include_ended: bool = False) -> list[dataplanes.JoinToken]:
    request = dataplanes.ListJoinTokensRequest(workspace_id=tenant.id, include_ended=include_ended)
    return list((await tenant.call(request)).join_tokens)


async def test_a_revoked_token_is_refused_in_the_words_of_any_bad_one_and_who_tries_is_recorded(tenant: Tenant) -> None:
    made = await tenant.call(dataplanes.CreateJoinTokenRequest(workspace_id=tenant.id, max_uses=5))
    enrolled = (await tenant.api(fresh(made.join_token))).dataplane
    with refusal("UNAUTHENTICATED", "JOIN_TOKEN_REFUSED") as unknown:
        await tenant.api(fresh("jt-" + "x" * 43))

    revoked = (await tenant.call(dataplanes.RevokeJoinTokenRequest(join_token_id=made.id, reason="leaked"))).join_token
    again = (await tenant.call(dataplanes.RevokeJoinTokenRequest(join_token_id=made.id))).join_token
    with refusal("UNAUTHENTICATED", "JOIN_TOKEN_REFUSED") as refused:
        await tenant.api(fresh(made.join_token))

    assert revoked.HasField("revoked_at")
    assert (again.revoked_at, again.uses) == (revoked.revoked_at, 1)
    assert refused.refused.said == unknown.refused.said
    records = (await tenant.call(audit.ListAuditRecordsRequest(workspace_id=tenant.id))).records
    done = [(each.action, each.subject, dict(each.details).get("reason")) for each in records]
    assert ("join_token.revoke", made.id, "leaked") in done
    assert ("credential.refused", made.id, "JOIN_TOKEN_REFUSED") in done
    there = await tenant.call(dataplanes.GetDataplaneRequest(dataplane_id=enrolled.id))
    assert there.dataplane.connection == dataplanes.DATAPLANE_CONNECTION_ENROLLED


@one_wire
async def test_tokens_that_may_still_be_used_are_listed_with_their_maker_and_the_others_on_demand(
    tenant: Tenant,
) -> None:
    made = [
        await tenant.call(dataplanes.CreateJoinTokenRequest(workspace_id=tenant.id, group=group, max_uses=2))
        for group in ("edge", "", "gone")
    ]
    await tenant.api(fresh(made[0].join_token))
    for _ in range(2):
        await tenant.api(fresh(made[1].join_token))
    await tenant.call(dataplanes.RevokeJoinTokenRequest(join_token_id=made[2].id))

    usable, everything = await listed(tenant), await listed(tenant, include_ended=True)

    (one,) = usable
    (key,) = (await tenant.call(management_keys.ListManagementKeysRequest())).keys
    assert (one.id, one.group, one.uses, one.max_uses, one.created_by) == (made[0].id, "edge", 1, 2, key.id)
    assert one.expires_at == made[0].expires_at
    assert {each.id for each in everything} == {each.id for each in made}
    assert not any(each.join_token in str(everything) for each in made)
    tenant.running.clock.skip(timedelta(hours=2))
    assert await listed(tenant) == []


async def test_a_token_of_which_nothing_is_said_is_good_for_one(tenant: Tenant) -> None:
    made = await tenant.call(dataplanes.CreateJoinTokenRequest(workspace_id=tenant.id))

    await tenant.api(fresh(made.join_token))

    with refusal("UNAUTHENTICATED", "JOIN_TOKEN_REFUSED"):
        await tenant.api(fresh(made.join_token))
