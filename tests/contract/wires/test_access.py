"""Every RPC, every kind of caller, everybody else's ids: who may do what, and that strangers learn nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from contract.agent_tokens import make_agent_token
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.procedures import procedure_of
from tests.contract.wires.refusals import Refused, refusal
from tests.contract.wires.samples import ADMIN, OPERATOR, UNKNOWN, VIEWER, samples

ROLES = {VIEWER: "viewer", OPERATOR: "operator", ADMIN: "admin"}


async def outcome(tenant: Tenant, request: Any, bearer: str) -> str:
    """The code a call ends with."""
    try:
        await tenant.api(request, bearer)
    except Refused as refused:
        return refused.code
    return "OK"


async def test_every_rpc_of_this_release_has_a_sample(tenant: Tenant) -> None:
    served = {path for path, operation in tenant.running.plane.operations.items() if operation.handler is not None}

    covered = {procedure_of(type(sample.request)).path for sample in samples("ws")}

    assert served - covered == {"/agentrouter.management.v1.DataplaneService/EnrollDataplane"}


async def test_a_role_may_do_what_it_is_for_and_is_told_which_role_it_lacks(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    event_id = (await tenant.events_of(agent))[0].id
    join_token = await tenant.call(dataplanes.CreateJoinTokenRequest(workspace_id=tenant.id))
    keys = {role: await tenant.key(role) for role in ROLES}

    for sample in samples(tenant.id, agent.id, event_id, join_token_id=join_token.id):
        for role, key in keys.items():
            if sample.role is None:
                with refusal("PERMISSION_DENIED", "CALLER_KIND"):
                    await tenant.api(sample.request, key)
            elif role < sample.role:
                with refusal("PERMISSION_DENIED", "ROLE_TOO_SMALL") as refused:
                    await tenant.api(sample.request, key)
                assert ROLES[sample.role] in refused.message
                assert ROLES[role] in refused.message
            elif sample.platform:
                with refusal("PERMISSION_DENIED", "PLATFORM_KEY_NEEDED"):
                    await tenant.api(sample.request, key)
            else:
                assert await outcome(tenant, sample.request, key) in (
                    "OK",
                    "NOT_FOUND",
                    "FAILED_PRECONDITION",
                    "INVALID_ARGUMENT",  # a signing key that is not there
                )


async def test_a_data_plane_may_do_only_what_is_for_data_planes(tenant: Tenant) -> None:
    agent = await tenant.enrol()

    for sample in samples(tenant.id, agent.id):
        if sample.dataplane:
            assert await outcome(tenant, sample.request, agent.token) in ("OK", "NOT_FOUND")
        else:
            with refusal("PERMISSION_DENIED", "CALLER_KIND"):
                await tenant.api(sample.request, agent.token)


async def test_nobody_gets_anywhere_without_a_credential(tenant: Tenant) -> None:
    for sample in samples(tenant.id):
        with refusal("UNAUTHENTICATED", "TOKEN_MISSING"):
            await tenant.api(sample.request)


async def test_another_tenants_workspace_is_answered_like_one_that_does_not_exist(
    tenant: Tenant, stranger: Tenant
) -> None:
    spy = await stranger.enrol()

    for foreign, unknown in zip(samples(tenant.id), samples(UNKNOWN), strict=True):
        if "workspace_id" in foreign.request.DESCRIPTOR.fields_by_name:
            await assert_the_same_not_found(tenant, foreign.request, unknown.request, stranger.admin)
            if foreign.dataplane:
                await assert_the_same_not_found(tenant, foreign.request, unknown.request, spy.token)


async def assert_the_same_not_found(tenant: Tenant, foreign: Any, unknown: Any, bearer: str) -> None:
    """Somebody else's and nobody's: nothing tells them apart."""
    with refusal("NOT_FOUND", "NOT_FOUND") as first:
        await tenant.api(foreign, bearer)
    with refusal("NOT_FOUND", "NOT_FOUND") as second:
        await tenant.api(unknown, bearer)
    assert first.refused.said == second.refused.said


async def test_another_tenants_objects_are_answered_like_unknown_ones(tenant: Tenant, stranger: Tenant) -> None:
    agent, spy = await tenant.enrol(), await stranger.enrol()
    (event,) = await agent.pending()
    key_id = (await tenant.call(management_keys.ListManagementKeysRequest())).keys[0].id

    def complete(event_id: str) -> events.CompleteEventRequest:
        return events.CompleteEventRequest(event_id=event_id, outcome=events.EVENT_OUTCOME_APPLIED, fencing_token=1)

    for bearer, request, own_id in (
        (stranger.admin, lambda id_: dataplanes.GetDataplaneRequest(dataplane_id=id_), agent.id),
        (spy.token, lambda id_: dataplanes.GetDataplaneRequest(dataplane_id=id_), agent.id),
        (stranger.admin, lambda id_: dataplanes.RevokeDataplaneRequest(dataplane_id=id_), agent.id),
        (stranger.admin, lambda id_: management_keys.RevokeManagementKeyRequest(key_id=id_), key_id),
        (spy.token, lambda id_: events.AcknowledgeEventRequest(event_id=id_, boot=spy.boot), event.id),
        (spy.token, complete, event.id),
        (spy.token, lambda id_: events.ListPendingEventsRequest(dataplane_id=id_), agent.id),
    ):
        await assert_the_same_not_found(tenant, request(own_id), request(UNKNOWN), bearer)


async def test_two_data_planes_of_one_workspace_do_not_see_each_others_events(tenant: Tenant) -> None:
    one, other = await tenant.enrol(), await tenant.enrol()
    (event,) = await one.pending()

    listed = await tenant.api(events.ListPendingEventsRequest(), other.token)
    seen = await tenant.api(dataplanes.ListDataplanesRequest(), other.token)

    assert {each.dataplane_id for each in listed.events} == {other.id}
    assert [each.id for each in seen.dataplanes] == [other.id]
    with refusal("NOT_FOUND"):
        await other.acknowledge(event.id)


async def test_a_key_that_sees_one_workspace_implies_it_and_one_that_sees_several_must_name_it(tenant: Tenant) -> None:
    more = await tenant.another_workspace()
    narrow = await tenant.key(VIEWER, more)

    implied = await tenant.api(workspaces.GetWorkspaceRequest(), narrow)
    with refusal("INVALID_ARGUMENT") as refused:
        await tenant.call(workspaces.GetWorkspaceRequest())

    assert implied.workspace.id == more
    assert set(refused.faults) == {"workspace_id"}
    assert more in refused.faults["workspace_id"]
    assert tenant.id in refused.faults["workspace_id"]


async def test_a_scoped_key_reaches_its_workspaces_and_nothing_beside_them(tenant: Tenant) -> None:
    more = await tenant.another_workspace()
    narrow = await tenant.key(ADMIN, more)

    seen = await tenant.api(workspaces.ListWorkspacesRequest(), narrow)
    made = await tenant.api(management_keys.CreateManagementKeyRequest(name="k", role=VIEWER), narrow)
    keys = await tenant.api(management_keys.ListManagementKeysRequest(page_size=1), narrow)

    assert [workspace.id for workspace in seen.workspaces] == [more]
    assert list(made.key.workspace_ids) == [more]
    assert all(set(key.workspace_ids) == {more} for key in keys.keys)
    assert keys.next_page_token
    with refusal("NOT_FOUND"):
        await tenant.api(workspaces.GetWorkspaceRequest(workspace_id=tenant.id), narrow)
    with refusal("PERMISSION_DENIED", "SCOPE_TOO_SMALL"):
        await tenant.api(workspaces.CreateWorkspaceRequest(name="beyond"), narrow)
    first_key = (await tenant.call(management_keys.ListManagementKeysRequest())).keys[0]
    with refusal("NOT_FOUND"):
        await tenant.api(management_keys.RevokeManagementKeyRequest(key_id=first_key.id), narrow)


async def test_a_management_key_that_is_not_known_is_refused_and_named_so(tenant: Tenant) -> None:
    for bearer in ("ak-" + "x" * 43, "ak-short", "ak-"):
        with refusal("UNAUTHENTICATED", "TOKEN_UNKNOWN_KEY"):
            await tenant.api(workspaces.ListWorkspacesRequest(), bearer)


async def test_what_is_no_token_is_malformed(tenant: Tenant) -> None:
    for bearer in ("nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "' OR 1=1 --", "x" * 4200):
        with refusal("UNAUTHENTICATED", "TOKEN_MALFORMED"):
            await tenant.api(workspaces.ListWorkspacesRequest(), bearer)


async def test_a_revoked_key_is_refused_from_the_next_call_on(tenant: Tenant) -> None:
    request = management_keys.CreateManagementKeyRequest(name="k", role=ADMIN)
    made = await tenant.call(request)
    await tenant.api(workspaces.ListWorkspacesRequest(), made.secret)

    for _ in range(2):
        revoked = await tenant.call(management_keys.RevokeManagementKeyRequest(key_id=made.key.id))

    assert revoked.key.HasField("revoked_at")
    with refusal("UNAUTHENTICATED", "TOKEN_UNKNOWN_KEY"):
        await tenant.api(workspaces.ListWorkspacesRequest(), made.secret)


async def test_an_expired_key_is_refused_with_the_servers_time(tenant: Tenant) -> None:
    request = management_keys.CreateManagementKeyRequest(name="k", role=VIEWER)
    request.lifetime.FromTimedelta(timedelta(hours=1))
    made = await tenant.call(request)

    tenant.running.clock.skip(timedelta(hours=2))

    with refusal("UNAUTHENTICATED", "TOKEN_EXPIRED") as refused:
        await tenant.api(workspaces.ListWorkspacesRequest(), made.secret)
    _assert_is_now(tenant, refused.info.metadata["server_time"])


@pytest.mark.parametrize(
    ("shift", "reason"), [(timedelta(hours=-1), "TOKEN_EXPIRED"), (timedelta(hours=1), "TOKEN_NOT_YET_VALID")]
)
async def test_an_agent_whose_clock_is_wrong_learns_the_servers_time(
    tenant: Tenant, shift: timedelta, reason: str
) -> None:
    agent = await tenant.enrol()
    now = agent.now() + shift
    token = make_agent_token(agent.signing, dataplane_id=agent.id, workspace_id=agent.workspace_id, now=now)

    with refusal("UNAUTHENTICATED", reason) as refused:
        await tenant.api(configurations.GetConfigurationRequest(), token)

    _assert_is_now(tenant, refused.info.metadata["server_time"])


async def test_forged_tokens_are_each_refused_for_what_is_wrong_with_them(tenant: Tenant, stranger: Tenant) -> None:
    agent, other = await tenant.enrol(), await stranger.enrol()

    def token(key: Ed25519PrivateKey = agent.signing, **changes: Any) -> str:
        given: dict[str, Any] = {"dataplane_id": agent.id, "workspace_id": agent.workspace_id, "now": agent.now()}
        return make_agent_token(key, **given | changes)

    unsigned = jwt.encode({"aud": "agentrouter"}, "", algorithm="none", headers={"kid": f"instance-{agent.id}"})
    for bearer, reason in (
        (token(key=Ed25519PrivateKey.generate()), "TOKEN_BAD_SIGNATURE"),
        (token(key=other.signing), "TOKEN_BAD_SIGNATURE"),
        (token(dataplane_id=UNKNOWN), "TOKEN_UNKNOWN_KEY"),
        (token(audience="https://elsewhere.example"), "TOKEN_MALFORMED"),
        (token(workspace_id=other.workspace_id), "TOKEN_MALFORMED"),
        (token(lifetime=timedelta(minutes=11)), "TOKEN_MALFORMED"),
        (unsigned, "TOKEN_MALFORMED"),
    ):
        with refusal("UNAUTHENTICATED", reason):
            await tenant.api(configurations.GetConfigurationRequest(), bearer)


async def test_a_revoked_data_plane_is_told_so_its_events_end_and_twice_is_fine(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    await agent.poll()

    for _ in range(2):
        revoked = await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=agent.id, reason="sold"))

    assert revoked.dataplane.connection == dataplanes.DATAPLANE_CONNECTION_REVOKED
    assert {event.status for event in await tenant.events_of(agent)} == {events.EVENT_STATUS_SUPERSEDED}
    with refusal("UNAUTHENTICATED", "DATAPLANE_REVOKED"):
        await agent.poll()
    forged = Agent(agent.api, agent.id, agent.workspace_id, agent.now, Ed25519PrivateKey.generate(), agent.sealing)
    with refusal("UNAUTHENTICATED", "TOKEN_BAD_SIGNATURE"):
        await forged.poll()


async def test_secrets_put_after_a_revocation_are_under_a_key_the_revoked_one_never_had(tenant: Tenant) -> None:
    revoked, live = await tenant.enrol(), await tenant.enrol()
    await tenant.put(document(api_key="sk-before"))
    before = {key.id for key in (await revoked.poll()).delivery_keys}

    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=revoked.id))
    await tenant.put(document(api_key="sk-after"))
    await tenant.noticed()
    news = await live.poll()

    (secret,) = news.secrets
    assert secret.delivery_key_id not in before
    assert secret.delivery_key_id in {key.id for key in news.delivery_keys}


async def test_a_document_nobody_put_is_not_found_and_one_of_a_consumer_is_his(tenant: Tenant) -> None:
    with refusal("NOT_FOUND"):
        await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id))
    with refusal("INVALID_ARGUMENT", "DOCUMENT_INVALID") as refused:
        await tenant.put(consumer("alice"), user_id="bob")

    assert set(refused.faults) == {"consumer_id"}


def _assert_is_now(tenant: Tenant, told: str) -> None:
    moment = datetime.fromisoformat(told)
    assert moment.tzinfo == UTC
    assert abs(moment - tenant.running.clock.now()) < timedelta(minutes=5)
