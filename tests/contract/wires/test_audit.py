"""What the audit has of every act: who, what, when, from where; all of it, once, and before the answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import NullPool, create_engine, text

from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from contract.agent_tokens import make_agent_token
from controlplane.store.urls import store_url
from tests.contract.wires.acts import ACTS, NOT_AUDITED
from tests.contract.wires.documents import document
from tests.contract.wires.people import Tenant, enrolment
from tests.contract.wires.refusals import Refused, refusal
from tests.contract.wires.samples import ADMIN, OPERATOR


async def records(tenant: Tenant, **narrow: Any) -> list[Any]:
    """The tenant's, newest first."""
    request = audit.ListAuditRecordsRequest(page_size=1000, **narrow)
    return list((await tenant.call(request)).records)


async def newest(tenant: Tenant) -> int:
    """The place of the newest record."""
    return int((await records(tenant))[0].sequence)


async def test_every_rpc_that_is_not_safe_is_audited_or_said_not_to_be(control_plane: Any) -> None:
    unsafe = {
        operation.name
        for operation in control_plane.plane.operations.values()
        if not operation.safe and (operation.handler or operation.streamer)
    }

    assert unsafe - NOT_AUDITED == ACTS.keys()


@pytest.mark.parametrize("name", sorted(ACTS))
async def test_an_act_leaves_one_record_and_a_repetition_none(tenant: Tenant, name: str) -> None:
    act = ACTS[name]
    request, bearer = await act.prepare(tenant)
    repeatable = "request_id" in request.DESCRIPTOR.fields_by_name
    if repeatable:
        request.request_id = "once"
    before = await newest(tenant)

    for _ in range(2 if repeatable else 1):
        await tenant.api(request, bearer)

    new = [record for record in await records(tenant) if record.sequence > before]
    assert [record.action for record in new] == [act.action]
    (record,) = new
    assert record.actor.startswith("mk_" if bearer == tenant.admin else "dp_")
    assert record.subject
    wire, _, peer = record.origin.partition(" ")
    assert wire == {"grpc": "grpc"}.get(tenant.api.name, "connect")
    assert peer.startswith("127.0.0.1:")
    assert abs(record.recorded_at.ToDatetime(UTC) - tenant.running.clock.now()) < timedelta(minutes=5)
    assert (await tenant.call(audit.VerifyAuditRequest())).intact


async def test_a_dry_run_and_a_refused_act_leave_no_record(tenant: Tenant) -> None:
    before = await newest(tenant)

    await tenant.put(validate_only=True)
    with refusal("INVALID_ARGUMENT"):
        await tenant.put("version: nonsense")

    assert await newest(tenant) == before


async def test_what_cannot_be_recorded_does_not_happen(tenant: Tenant) -> None:
    await break_writing(
        tenant, "CREATE TRIGGER no_audit BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    try:
        for name in sorted(ACTS):
            request, bearer = await _prepared_despite(tenant, name)
            if request is not None:
                with pytest.raises(Refused):
                    await tenant.api(request, bearer)
        with refusal("NOT_FOUND"):
            await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id))
    finally:
        await break_writing(tenant, "DROP TRIGGER no_audit ON audit_records")

    names = {each.name for each in (await tenant.call(workspaces.ListWorkspacesRequest())).workspaces}
    assert "more" not in names


async def _prepared_despite(tenant: Tenant, name: str) -> tuple[Any, str]:
    """None for those that would need an act beforehand, which is refused itself."""
    try:
        return await ACTS[name].prepare(tenant)
    except Refused:
        return None, ""


async def break_writing(tenant: Tenant, statement: str) -> None:
    """Behind the control plane's back; in a thread, for a write of the control plane's may have to end first."""
    await asyncio.to_thread(_break_writing, tenant, statement)


def _break_writing(tenant: Tenant, statement: str) -> None:
    engine = create_engine(_sync_url(tenant), poolclass=NullPool)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql" and statement.startswith("CREATE"):
            connection.execute(
                text(
                    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger AS "
                    "$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql"
                )
            )
            statement = "CREATE TRIGGER no_audit BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION refuse()"
        elif engine.dialect.name == "sqlite":
            statement = statement.replace(" ON audit_records", "") if statement.startswith("DROP") else statement
        connection.execute(text(statement))
    engine.dispose()


def _sync_url(tenant: Tenant) -> Any:
    url = store_url(tenant.running.database_url)
    return url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url


async def test_records_are_listed_newest_first_page_by_page_and_narrowed(tenant: Tenant) -> None:
    more = await tenant.another_workspace()
    await tenant.put()
    await tenant.put(user_id="alice", content='{"version": "consumer/v1", "consumer_id": "alice"}')

    request = audit.ListAuditRecordsRequest(page_size=2)
    pages = [await tenant.call(request)]
    while pages[-1].next_page_token:
        request.page_token = pages[-1].next_page_token
        pages.append(await tenant.call(request))
    sequences = [record.sequence for page in pages for record in page.records]

    assert sequences == sorted(sequences, reverse=True)
    assert sequences[-1] == 1
    assert [record.subject for record in await records(tenant, workspace_id=tenant.id)] == [
        "document/alice",
        "document/",
    ]
    assert [record.subject for record in await records(tenant, action="workspace.create")] == [more]
    assert await records(tenant, actor="mk_other") == []


async def test_a_scoped_key_sees_its_workspaces_records_and_may_not_verify(tenant: Tenant) -> None:
    more = await tenant.another_workspace()
    await tenant.put()
    narrow = await tenant.key(ADMIN, more)

    seen = (await tenant.api(audit.ListAuditRecordsRequest(), narrow)).records

    assert {record.workspace_id for record in seen} == {more}
    with refusal("NOT_FOUND"):
        await tenant.api(audit.ListAuditRecordsRequest(workspace_id=tenant.id), narrow)
    with refusal("PERMISSION_DENIED", "SCOPE_TOO_SMALL"):
        await tenant.api(audit.VerifyAuditRequest(), narrow)
    with refusal("PERMISSION_DENIED", "ROLE_TOO_SMALL"):
        await tenant.api(audit.ListAuditRecordsRequest(), await tenant.key(OPERATOR))


async def test_another_tenants_acts_are_in_another_chain(tenant: Tenant, stranger: Tenant) -> None:
    before = await newest(tenant)

    await stranger.put()

    assert await newest(tenant) == before
    assert {record.workspace_id for record in await records(stranger)} <= {"", stranger.id}


def _forge_actor(tenant: Tenant, place: int) -> None:
    engine = create_engine(_sync_url(tenant), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE audit_records SET actor = 'mk_x' WHERE tenant_id = :tenant AND sequence = :place"),
            {"tenant": tenant.tenant_id, "place": place},
        )
    engine.dispose()


async def test_a_record_altered_in_the_database_is_found_and_named(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(document(api_key="sk-x"))
    place = (await records(tenant, action="document.put"))[-1].sequence

    await asyncio.to_thread(_forge_actor, tenant, place)

    verified = await tenant.call(audit.VerifyAuditRequest())
    assert (verified.intact, verified.broken_sequence) == (False, place)
    assert str(place) in verified.problem


async def test_no_record_holds_a_secret(tenant: Tenant) -> None:
    await tenant.put(document(api_key="sk-canary-1"))
    key = await tenant.key(ADMIN)
    join_token = await tenant.join_token()

    told = str(await records(tenant))

    for secret in ("sk-canary-1", key, join_token):
        assert secret not in told


async def test_a_used_and_an_expired_join_token_are_refused_and_audited_once(tenant: Tenant) -> None:
    token = await tenant.join_token()
    for attempt in range(3):
        request = enrolment(token, Ed25519PrivateKey.generate(), X25519PrivateKey.generate())
        if attempt == 0:
            await tenant.api(request)
            continue
        with refusal("UNAUTHENTICATED", "JOIN_TOKEN_REFUSED"):
            await tenant.api(request)

    (record,) = await records(tenant, action="credential.refused")
    assert record.actor.startswith("jt_")
    assert record.details == {"reason": "JOIN_TOKEN_REFUSED"}
    assert record.workspace_id == tenant.id


async def test_revoked_credentials_that_are_used_again_are_refused_and_audited(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    made = await tenant.call(management_keys.CreateManagementKeyRequest(name="k", role=ADMIN))
    await tenant.call(management_keys.RevokeManagementKeyRequest(key_id=made.key.id))
    await tenant.call(dataplanes.RevokeDataplaneRequest(dataplane_id=agent.id))

    with refusal("UNAUTHENTICATED", "TOKEN_UNKNOWN_KEY"):
        await tenant.api(workspaces.ListWorkspacesRequest(), made.secret)
    with refusal("UNAUTHENTICATED", "DATAPLANE_REVOKED"):
        await agent.poll()

    refused = await records(tenant, action="credential.refused")
    assert {record.actor: record.details["reason"] for record in refused} == {
        made.key.id: "REVOKED",
        agent.id: "DATAPLANE_REVOKED",
    }


async def test_forged_tokens_of_a_data_plane_are_audited_but_cannot_fill_the_store(tenant: Tenant) -> None:
    agent = await tenant.enrol()
    given: dict[str, Any] = {"dataplane_id": agent.id, "workspace_id": agent.workspace_id, "now": datetime.now(UTC)}

    for _ in range(5):
        forged = make_agent_token(Ed25519PrivateKey.generate(), **given)
        with refusal("UNAUTHENTICATED", "TOKEN_BAD_SIGNATURE"):
            await tenant.api(workspaces.ListWorkspacesRequest(), forged)

    (record,) = await records(tenant, action="credential.refused")
    assert (record.actor, record.details["reason"]) == (agent.id, "TOKEN_BAD_SIGNATURE")
