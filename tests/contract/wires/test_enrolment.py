"""Join tokens and enrolment: how often, how long, with which keys, and that one token is used as often as it says."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from contract.sealing import delivery_context, open_delivery_key
from tests.contract.wires.documents import document
from tests.contract.wires.people import Tenant, enrolment
from tests.contract.wires.refusals import Refused, patiently, refusal


def fresh(token: str) -> dataplanes.EnrollDataplaneRequest:
    """An enrolment with new keys."""
    request: dataplanes.EnrollDataplaneRequest = enrolment(
        token, Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    )
    return request


async def test_of_fifty_enrolments_at_once_on_a_one_time_token_exactly_one_succeeds(tenant: Tenant) -> None:
    token = await tenant.join_token()

    asked = [partial(tenant.api, fresh(token)) for _ in range(50)]
    answers = await asyncio.gather(*map(patiently, asked), return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == 49
    assert {(each.code, each.reason) for each in refused} == {("UNAUTHENTICATED", "JOIN_TOKEN_REFUSED")}
    listed = await tenant.call(dataplanes.ListDataplanesRequest(workspace_id=tenant.id))
    assert len(listed.dataplanes) == 1


async def test_a_token_for_three_enrols_three_into_its_group(tenant: Tenant) -> None:
    request = dataplanes.CreateJoinTokenRequest(workspace_id=tenant.id, max_uses=3, group="edge")
    token = (await tenant.call(request)).join_token

    enrolled = [await tenant.api(fresh(token)) for _ in range(3)]

    assert {answer.dataplane.group for answer in enrolled} == {"edge"}
    assert len({answer.dataplane.id for answer in enrolled}) == 3
    assert {answer.token_audience for answer in enrolled} == {"agentrouter"}
    with refusal("UNAUTHENTICATED", "JOIN_TOKEN_REFUSED"):
        await tenant.api(fresh(token))


async def test_used_up_expired_and_unknown_tokens_are_refused_in_the_same_words(tenant: Tenant) -> None:
    used, expired = await tenant.join_token(), await tenant.join_token()
    await tenant.api(fresh(used))
    tenant.running.clock.skip(timedelta(hours=2))

    said = []
    for token in (used, expired, "jt-" + "x" * 43, "nonsense", "' OR 1=1 --"):
        with refusal("UNAUTHENTICATED", "JOIN_TOKEN_REFUSED") as refused:
            await tenant.api(fresh(token))
        said.append(refused.refused.said)

    assert said == [said[0]] * 5


async def test_a_sealing_key_that_nothing_can_be_sealed_to_is_named_and_uses_nothing_up(tenant: Tenant) -> None:
    token = await tenant.join_token()
    request = fresh(token)
    request.sealing_public_key = bytes(32)

    with refusal("INVALID_ARGUMENT") as refused:
        await tenant.api(request)

    assert set(refused.faults) == {"sealing_public_key"}
    assert (await tenant.api(fresh(token))).dataplane.id


async def test_keys_of_a_wrong_length_are_each_named(tenant: Tenant) -> None:
    request = fresh(await tenant.join_token())
    request.signing_public_key, request.sealing_public_key = b"short", b""

    with refusal("INVALID_ARGUMENT") as refused:
        await tenant.api(request)

    assert set(refused.faults) == {"signing_public_key", "sealing_public_key"}


async def test_a_credential_sent_along_with_an_enrolment_is_not_looked_at(tenant: Tenant) -> None:
    gone = await tenant.enrol()
    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=gone.id))

    for bearer in (gone.token, "nonsense"):
        assert (await tenant.api(fresh(await tenant.join_token()), bearer)).dataplane.id


async def test_an_enrolment_whose_answer_was_lost_is_answered_again_and_uses_nothing(tenant: Tenant) -> None:
    token = await tenant.join_token()
    request = fresh(token)

    first = await tenant.api(request)
    again = await asyncio.gather(*(tenant.api(request) for _ in range(3)))

    assert [answer.dataplane.id for answer in again] == [first.dataplane.id] * 3
    assert len((await tenant.call(dataplanes.ListDataplanesRequest(workspace_id=tenant.id))).dataplanes) == 1
    other = fresh(token)
    other.signing_public_key = request.signing_public_key
    for stranger in (other, fresh(token)):
        with refusal("UNAUTHENTICATED", "JOIN_TOKEN_REFUSED"):
            await tenant.api(stranger)


async def test_the_same_enrolment_many_times_at_once_makes_one_data_plane(tenant: Tenant) -> None:
    request = fresh(await tenant.join_token())

    answers = await asyncio.gather(*(patiently(partial(tenant.api, request)) for _ in range(10)))

    assert len({answer.dataplane.id for answer in answers}) == 1


async def test_an_old_enrolment_and_that_of_a_revoked_data_plane_are_not_answered_again(tenant: Tenant) -> None:
    revoked, old = fresh(await tenant.join_token()), fresh(await tenant.join_token())
    gone = (await tenant.api(revoked)).dataplane
    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=gone.id))
    await tenant.api(old)
    tenant.running.clock.skip(timedelta(minutes=11))

    for request in (revoked, old):
        with refusal("UNAUTHENTICATED", "JOIN_TOKEN_REFUSED"):
            await tenant.api(request)


async def test_enrolling_again_makes_another_data_plane(tenant: Tenant) -> None:
    signing, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()

    first = await tenant.api(enrolment(await tenant.join_token(), signing, sealing))
    again = await tenant.api(enrolment(await tenant.join_token(), signing, sealing))

    assert first.dataplane.id != again.dataplane.id


async def test_delivery_keys_open_for_the_data_plane_they_were_sealed_to_and_no_other(tenant: Tenant) -> None:
    one, other = await tenant.enrol(), await tenant.enrol()
    await tenant.put(document(api_key="sk-for-both"))
    await tenant.noticed()

    keys = {}
    for agent in (one, other):
        (sealed,) = (await agent.poll()).delivery_keys
        keys[agent.id] = sealed.sealed
        opened = open_delivery_key(
            sealed.sealed, agent.sealing.private_bytes_raw(), delivery_context(tenant.id, agent.id)
        )
        assert opened.id == sealed.id

    assert keys[one.id] != keys[other.id]


async def test_a_new_data_plane_is_enrolled_and_then_online(tenant: Tenant) -> None:
    async def shown() -> tuple[str, str]:
        one = await tenant.dataplane(agent)
        connection, sync = dataplanes.DataplaneConnection.Name(one.connection), dataplanes.DataplaneSync.Name(one.sync)
        return connection.removeprefix("DATAPLANE_CONNECTION_"), sync.removeprefix("DATAPLANE_SYNC_")

    agent = await tenant.enrol()
    assert await shown() == ("ENROLLED", "STALE")

    await agent.poll()
    await tenant.upkeep()
    assert await shown() == ("ONLINE", "STALE")

    await agent.settle()
    assert await shown() == ("ONLINE", "SYNCED")
    tenant.running.clock.skip(timedelta(minutes=5))
    assert await shown() == ("OFFLINE", "SYNCED")
    await tenant.put()
    assert await shown() == ("OFFLINE", "STALE")
