"""Consumers' own backends over every wire: saved whole, sealed, delivered to data planes, and never told again."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from agentrouter.configurator.v1 import backends_pb2 as pb
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import backends_pb2 as management
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as keys
from contract import read_consumer
from contract.sealing import decrypt_secret, delivery_context, open_delivery_key
from controlplane.store.tables import metadata
from tests.contract.wires.documents import document
from tests.contract.wires.people import Agent, Tenant
from tests.contract.wires.refusals import refusal

ADA = "ada@example.com"
KEY = "sk-own-canary-0123456789"


def backend(name: str = "mine", key: str = KEY, **fields: Any) -> pb.Backend:
    fields = {"base_url": "https://own.example/v1", "models": ["fast"], **fields}
    credential = {"credential": pb.BackendCredential(api_key=key)} if key else {}
    return pb.Backend(name=name, **{**credential, **fields})


async def save(tenant: Tenant, *backends: pb.Backend, **fields: Any) -> Any:
    request = {"user_id": ADA, "mode": pb.BACKEND_MODE_EXCLUSIVE, **fields}
    saved = await tenant.call(pb.SaveBYOKBackendsRequest(workspace_id=tenant.id, backends=backends, **request))
    await tenant.noticed()
    return saved


async def delete(tenant: Tenant, *names: str) -> Any:
    left = await tenant.call(pb.DeleteBYOKBackendsRequest(workspace_id=tenant.id, user_id=ADA, names=names))
    await tenant.noticed()
    return left


async def delivered(agent: Agent, since: int = 0) -> Any:
    (found,) = [each for each in (await agent.poll(since)).configurations if each.user_id == ADA]
    return read_consumer(found.document)


async def opened(tenant: Tenant, agent: Agent) -> list[bytes]:
    news = await agent.poll()
    private, context = agent.sealing.private_bytes_raw(), delivery_context(tenant.id, agent.id)
    delivery = {key.id: open_delivery_key(key.sealed, private, context) for key in news.delivery_keys}
    return [
        decrypt_secret(
            delivery[each.delivery_key_id],
            workspace_id=tenant.id,
            ref=each.ref,
            origin=each.origin,
            ciphertext=each.ciphertext,
        )
        for each in news.secrets
    ]


async def test_a_saved_set_reaches_the_data_plane_sealed_and_makes_the_consumers_document(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()

    saved = await save(tenant, backend(models=["fast"], weight=3, priority=1))

    (summary,) = saved.backends
    assert (summary.name, summary.credential_kind, summary.last_four) == ("mine", "api_key", "6789")
    (event,) = await agent.pending()
    assert (event.type, event.slot) == (events.EVENT_TYPE_BYOK_UPDATE, f"config/{ADA}")
    consumer = await delivered(agent)
    (own,) = consumer.backends
    assert (consumer.mode, own.models, own.weight, own.priority) == ("EXCLUSIVE", ("fast",), 3, 1)
    assert own.credential.ref.startswith("secret://byok/ada/example.com/mine@")
    assert own.credential.origin == "https://own.example:443"
    assert await opened(tenant, agent) == [KEY.encode()]


async def test_without_a_base_url_the_credential_goes_where_the_workspace_reaches_the_provider(tenant: Tenant) -> None:
    await tenant.put(document(base_url="https://one.example/v1"))
    agent = await tenant.settled_agent()

    await save(tenant, backend(provider="openai", base_url="", models=[]))

    assert (await delivered(agent)).backends[0].credential.origin == "https://one.example:443"


async def test_a_provider_that_the_workspace_does_not_reach_needs_a_base_url(tenant: Tenant) -> None:
    await tenant.put()

    with refusal("INVALID_ARGUMENT") as refused:
        await save(tenant, backend(provider="gemini", base_url=""))

    assert refused.faults.keys() == {"backends[0].provider"}


async def test_a_backend_without_credential_keeps_the_stored_one_for_the_same_host_only(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await save(tenant, backend())

    kept = await save(tenant, backend(key="", base_url="https://own.example/v2"))
    with refusal("INVALID_ARGUMENT") as refused:
        await save(tenant, backend(key="", base_url="https://other.example/v2"))

    assert kept.backends[0].last_four == "6789"
    assert (await delivered(agent)).backends[0].base_url == "https://own.example/v2"
    assert refused.faults.keys() == {"backends[0].credential"}
    assert await opened(tenant, agent) == [KEY.encode()]


async def test_a_new_credential_is_a_new_version_and_the_same_one_is_none(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    first = await save(tenant, backend())

    before = (await delivered(agent)).backends[0].credential.ref

    same = await save(tenant, backend())
    await save(tenant, backend(key="sk-another-key-entirely"))

    assert first.etag == same.etag
    assert (await delivered(agent)).backends[0].credential.ref != before
    assert await opened(tenant, agent) == [b"sk-another-key-entirely"]


async def test_an_old_etag_is_refused(tenant: Tenant) -> None:
    first = await save(tenant, backend())
    await save(tenant, backend("other"), etag=first.etag)

    with refusal("ABORTED"):
        await save(tenant, backend(), etag=first.etag)


async def test_the_same_request_twice_is_carried_out_once(tenant: Tenant) -> None:
    first = await save(tenant, backend(), request_id="save-1")
    await save(tenant, backend("other"))

    again = await save(tenant, backend(), request_id="save-1")

    assert again == first
    assert [each.name for each in (await listed(tenant)).backends] == ["other"]


async def listed(tenant: Tenant) -> Any:
    return await tenant.call(management.ListBackendsRequest(workspace_id=tenant.id, user_id=ADA))


async def test_every_fault_is_named_and_nothing_is_stored(tenant: Tenant) -> None:
    aws = pb.Backend(
        name="aws", provider="bedrock", credential=pb.BackendCredential(aws=pb.AwsKeys()), base_url="https://b.ex"
    )
    with refusal("INVALID_ARGUMENT") as refused:
        await save(tenant, backend(), backend(base_url="ftp://x"), aws, backend("ref", "secret://byok/bob/mine"))

    assert refused.faults.keys() == {
        "backends[1].name",
        "backends[1].base_url",
        "backends[2].credential.aws.access_key_id",
        "backends[2].credential.aws.secret_access_key",
        "backends[2].credential.aws.region",
        "backends[3].credential.api_key",
    }
    assert not (await listed(tenant)).backends


async def test_some_are_deleted_by_name_and_all_without_any_name(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await save(tenant, backend("a"), backend("b"))
    await agent.settle()

    left = await delete(tenant, "a")
    (event,) = await agent.pending()
    await agent.settle()
    none = await delete(tenant)

    assert ([each.name for each in left.backends], list(none.backends)) == (["b"], [])
    assert event.type == events.EVENT_TYPE_BYOK_DELETE
    consumer = await delivered(agent)
    assert (consumer.enabled, consumer.backends, consumer.mode) == (True, (), None)
    assert (await listed(tenant)).mode == pb.BACKEND_MODE_UNSPECIFIED


async def test_a_name_that_is_not_there_is_not_deleted(tenant: Tenant) -> None:
    await save(tenant, backend("a"))

    with refusal("NOT_FOUND"):
        await delete(tenant, "a", "x")

    assert [each.name for each in (await listed(tenant)).backends] == ["a"]


async def test_putting_the_consumers_document_keeps_its_backends(tenant: Tenant) -> None:
    agent = await tenant.settled_agent()
    await save(tenant, backend())

    await tenant.put(json.dumps({"version": "consumer/v1", "consumer_id": ADA, "models": ["fast"]}), ADA)
    await tenant.trigger(user_id=ADA, force=True)
    await tenant.noticed()

    consumer = await delivered(agent)
    assert (consumer.models, [one.name for one in consumer.backends]) == (("fast",), ["mine"])


async def test_a_viewer_may_list_and_not_save(tenant: Tenant) -> None:
    await save(tenant, backend())
    viewer = await tenant.key(keys.ROLE_VIEWER)

    found = await tenant.api(management.ListBackendsRequest(workspace_id=tenant.id, user_id=ADA), viewer)
    with refusal("PERMISSION_DENIED"):
        await tenant.api(pb.DeleteBYOKBackendsRequest(workspace_id=tenant.id, user_id=ADA), viewer)

    assert [each.name for each in found.backends] == ["mine"]


async def test_a_workspace_document_may_not_name_a_consumers_secret(tenant: Tenant) -> None:
    await save(tenant, backend())

    with refusal("FAILED_PRECONDITION"):
        await tenant.put(document(api_key="secret://byok/ada/example.com/mine"))


async def test_what_can_be_asked_never_tells_the_credential(tenant: Tenant) -> None:
    saved = await save(tenant, backend(), request_id="canary")
    again = await save(tenant, backend(), request_id="canary")
    source = await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id, user_id=ADA))

    for answer in (saved, again, source, await listed(tenant)):
        assert KEY.encode() not in answer.SerializeToString()


async def test_a_place_that_requests_may_not_go_to_is_refused_wherever_it_is_written(tenant: Tenant) -> None:
    with refusal("INVALID_ARGUMENT") as own:
        await save(tenant, backend(base_url="http://169.254.169.254/v1"))
    with refusal("INVALID_ARGUMENT") as workspace:
        await tenant.put(document(base_url="http://127.0.0.1:11434/v1"))

    assert own.faults.keys() == {"backends[0].base_url"}
    assert workspace.faults.keys() == {"providers.models[0].backend_refs[0].base_url"}


async def test_no_row_of_the_database_holds_a_credential_or_tells_it(tenant: Tenant) -> None:
    await tenant.enrol()
    await save(tenant, backend(), request_id="kept")
    with refusal("INVALID_ARGUMENT"):
        await save(tenant, backend(base_url="ftp://x"))

    work: Any
    async with tenant.running.plane.store.reading() as work:
        rows = [
            repr(tuple(row)) for table in metadata.sorted_tables for row in await work._transaction.rows(select(table))
        ]

    assert len(rows) > 10
    assert not [row for row in rows if KEY in row]
    assert not [line for line in tenant.running.journal.lines if KEY in line]
