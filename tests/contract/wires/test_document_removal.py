"""DeleteDocument: a consumer's document becomes a tombstone that every data plane applies, and may be made again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agentrouter.configurator.v1 import backends_pb2 as backends
from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.management.v1 import backends_pb2 as backend_lists
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from agentrouter.management.v1 import documents_pb2 as documents
from tests.contract.wires.documents import consumer
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.repairs import ORPHANED, exhaust, found, only_pending, reconcile, settle
from tests.fakes.credentials import OAUTH_CLIENT

REMOVED = configurations.CONFIGURATION_STATE_REMOVED
ACTIVE = configurations.CONFIGURATION_STATE_ACTIVE
Again = Callable[[Tenant], Awaitable[Any]]


async def delete(tenant: Tenant, user_id: str = "ada", **fields: Any) -> Any:
    return await tenant.call(documents.DeleteDocumentRequest(workspace_id=tenant.id, user_id=user_id, **fields))


async def put(tenant: Tenant, **fields: Any) -> Any:
    return await tenant.put(consumer("ada", **fields), "ada")


async def roll_back(tenant: Tenant, **fields: Any) -> Any:
    return await tenant.call(documents.RollbackDocumentRequest(workspace_id=tenant.id, user_id="ada", **fields))


async def save_backends(tenant: Tenant, user_id: str = "ada", client: backends.OAuthClient | None = None) -> Any:
    key = backends.BackendCredential(api_key="sk-own-0123456789abcdef")
    one = backends.Backend(
        name="mine",
        base_url="https://own.example/v1",
        models=["gpt-4o"],
        credential=backends.BackendCredential(oauth=client) if client else key,
    )
    request = backends.SaveBYOKBackendsRequest(
        workspace_id=tenant.id, user_id=user_id, mode=backends.BACKEND_MODE_EXCLUSIVE, backends=[one]
    )
    return await tenant.call(request)


async def issue_key(tenant: Tenant) -> Any:
    return await tenant.call(consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="ada"))


async def stored(tenant: Tenant, user_id: str = "ada") -> Any:
    request = configurations.ListConfigurationsRequest(workspace_id=tenant.id, user_id=user_id)
    (one,) = (await tenant.call(request)).configurations
    return one


async def versions(tenant: Tenant) -> list[Any]:
    request = documents.ListDocumentVersionsRequest(workspace_id=tenant.id, user_id="ada")
    return list((await tenant.call(request)).versions)


async def shown(tenant: Tenant, version: int = 0) -> Any:
    request = documents.GetDocumentRequest(workspace_id=tenant.id, user_id="ada", version=version)
    return (await tenant.call(request)).document


async def test_a_removed_document_is_a_tombstone_that_every_data_plane_is_told_and_applies(tenant: Tenant) -> None:
    await tenant.put()
    await put(tenant)
    agents = [await tenant.settled_agent(), await tenant.settled_agent()]
    before = await stored(tenant)

    removed = await delete(tenant, reason="left the company")

    tombstone = removed.configuration
    assert (tombstone.state, tombstone.version, tombstone.revision) == (REMOVED, 2, before.revision + 1)
    assert (tombstone.digest, tombstone.reason, removed.document_version) == ("", "left the company", 2)
    assert len(removed.event_ids) == 2
    for agent in agents:
        event = await only_pending(tenant, agent)
        assert event.id in removed.event_ids
        assert (event.slot, event.configuration_version) == ("config/ada", 2)
        (told,) = (await agent.poll(since=before.revision)).configurations
        assert (told.user_id, told.state, told.document) == ("ada", REMOVED, b"")
        await settle(tenant, agent)
    assert [each.applied_version for each in (await stored(tenant)).dataplanes] == [2, 2]
    assert found(await reconcile(tenant)) == []
    users = await tenant.call(configurations.ListActiveUsersRequest(workspace_id=tenant.id))
    assert list(users.user_ids) == []


async def test_a_tombstone_that_was_lost_leaves_an_orphan_to_repair(tenant: Tenant) -> None:
    await put(tenant)
    agent = await tenant.settled_agent()
    await delete(tenant)
    await exhaust(tenant, agent)

    assert found(await reconcile(tenant)) == [("config/ada", ORPHANED)]
    await settle(tenant, agent)
    assert found(await reconcile(tenant)) == []


async def test_the_consumers_own_backends_go_with_their_credentials_and_nobody_elses(tenant: Tenant) -> None:
    await save_backends(tenant, client=backends.OAuthClient(**OAUTH_CLIENT))
    await save_backends(tenant)
    await save_backends(tenant, "ada@example.com")

    removed = await delete(tenant)

    assert list(removed.removed_backends) == ["mine"]
    left = await tenant.call(backend_lists.ListBackendsRequest(workspace_id=tenant.id, user_id="ada"))
    assert (list(left.backends), left.etag) == ([], "")
    async with tenant.running.plane.store.reading() as work:
        left = await work.secrets.versions_under(tenant.id, "byok")
        assert [name for name, _ in left] == ["byok/ada/example.com/mine"]


@pytest.mark.parametrize(
    "again", [put, issue_key, save_backends, roll_back], ids=["a document", "a key", "backends", "a rollback"]
)
async def test_a_consumer_that_is_made_again_goes_on_counting(tenant: Tenant, again: Again) -> None:
    await put(tenant, models=["fast"])
    agent = await tenant.settled_agent()
    await delete(tenant)
    await settle(tenant, agent)

    await again(tenant)

    newest = await stored(tenant)
    assert (newest.state, newest.version) == (ACTIVE, 3)
    assert (await shown(tenant)).version == 3
    event = await only_pending(tenant, agent)
    assert (event.slot, event.configuration_version) == ("config/ada", 3)
    assert [each.removed for each in await versions(tenant)] == [False, True, False]


@pytest.mark.parametrize("names", [(), ("mine",)], ids=["all", "by name"])
async def test_of_a_removed_consumer_there_are_no_backends_to_delete(tenant: Tenant, names: tuple[str, ...]) -> None:
    await save_backends(tenant)
    await delete(tenant)
    request = backends.DeleteBYOKBackendsRequest(workspace_id=tenant.id, user_id="ada", names=names)

    with refusal("NOT_FOUND", "DOCUMENT_REMOVED") as refused:
        await tenant.call(request)
    assert "was removed, and its own backends with it" in refused.message
    request.user_id = "nobody"
    with refusal("NOT_FOUND", "NOT_FOUND"):
        await tenant.call(request)


@pytest.mark.parametrize("user_id", ["ada", "nobody"])
async def test_an_empty_set_makes_no_consumer(tenant: Tenant, user_id: str) -> None:
    """Nor does it bring a removed one back, whose keys would be let in again."""
    await save_backends(tenant)
    await delete(tenant)
    before = await every_version(tenant)

    saved = await tenant.call(backends.SaveBYOKBackendsRequest(workspace_id=tenant.id, user_id=user_id))

    assert (list(saved.backends), saved.etag) == ([], "")
    assert await every_version(tenant) == before
    assert (await stored(tenant)).state == REMOVED


async def every_version(tenant: Tenant) -> list[tuple[str, int]]:
    request = configurations.ListConfigurationsRequest(workspace_id=tenant.id, history=True)
    return [(each.user_id, each.version) for each in (await tenant.call(request)).configurations]


async def test_a_removed_consumers_set_is_saved_anew_with_its_credential_and_not_by_what_was_known(
    tenant: Tenant,
) -> None:
    before = await save_backends(tenant)
    await delete(tenant)
    one = backends.Backend(name="mine", base_url="https://own.example/v1", models=["gpt-4o"])
    request = backends.SaveBYOKBackendsRequest(
        workspace_id=tenant.id, user_id="ada", mode=backends.BACKEND_MODE_EXCLUSIVE, backends=[one]
    )

    with refusal("INVALID_ARGUMENT", "BACKENDS_INVALID") as refused:
        await tenant.call(request)
    assert refused.faults == {"backends[0].credential": "is required"}
    request.backends[0].credential.api_key = "sk-own-0123456789abcdef"
    request.etag = before.etag
    with refusal("ABORTED", "ETAG_MISMATCH"):
        await tenant.call(request)
    assert (await stored(tenant)).state == REMOVED


async def test_a_credential_that_comes_again_is_another_version_of_its_secret(tenant: Tenant) -> None:
    """Data planes know a credential by its reference, and may still hold the one of before."""
    await save_backends(tenant)
    before = await stored_references(tenant)
    await delete(tenant)
    await save_backends(tenant)

    (old,), (new,) = before, await stored_references(tenant)
    assert old.rpartition("@")[0] == new.rpartition("@")[0]
    assert int(new.rpartition("@")[2]) > int(old.rpartition("@")[2])


async def stored_references(tenant: Tenant) -> list[str]:
    await tenant.noticed()
    news = await tenant.call(configurations.GetConfigurationRequest(workspace_id=tenant.id))
    return [each.ref for each in news.secrets]


async def test_the_history_shows_the_removal_and_the_way_back(tenant: Tenant) -> None:
    first = await put(tenant, models=["fast"])
    removed = await delete(tenant, reason="by mistake")

    newest, oldest = await versions(tenant)
    assert (newest.version, newest.removed, newest.reason, newest.configuration_version) == (2, True, "by mistake", 2)
    assert not oldest.removed
    for version in (0, 2):
        with refusal("NOT_FOUND", "DOCUMENT_REMOVED") as refused:
            await shown(tenant, version)
        assert "removed in version 2" in refused.message
    assert (await shown(tenant, 1)).content == first.document.content

    back = await roll_back(tenant, etag=newest.etag)
    assert (back.restored_version, back.document.version, back.configuration.version) == (1, 3, 3)
    assert back.configuration.digest == first.configuration.digest
    with refusal("NOT_FOUND", "DOCUMENT_REMOVED"):
        await roll_back(tenant, version=removed.document_version)
    with refusal("NOT_FOUND", "NOT_FOUND"):  # the removal is no earlier version that says something else
        await roll_back(tenant)


async def test_the_workspaces_own_document_stays(tenant: Tenant) -> None:
    await tenant.put()

    with refusal("FAILED_PRECONDITION", "WORKSPACE_DOCUMENT_STAYS") as refused:
        await delete(tenant, "")

    assert refused.preconditions == ["WORKSPACE_DOCUMENT_STAYS"]
    assert "put another" in refused.message


async def test_what_is_not_there_cannot_be_removed(tenant: Tenant) -> None:
    with refusal("NOT_FOUND", "NOT_FOUND"):
        await delete(tenant)
    await put(tenant)
    await delete(tenant)

    with refusal("NOT_FOUND", "DOCUMENT_REMOVED"):
        await delete(tenant)


async def test_an_old_etag_stops_a_removal(tenant: Tenant) -> None:
    old = (await put(tenant)).document.etag
    new = (await put(tenant, models=["fast"])).document.etag

    with refusal("ABORTED", "ETAG_MISMATCH"):
        await delete(tenant, etag=old)
    await delete(tenant, etag=new)
    with refusal("ABORTED", "ETAG_MISMATCH"):
        await tenant.put(consumer("ada"), "ada", etag=new)


async def test_a_dry_run_says_what_would_go_and_a_repeated_removal_is_carried_out_once(tenant: Tenant) -> None:
    await save_backends(tenant)
    await tenant.settled_agent()

    dry = await delete(tenant, validate_only=True)
    assert (dry.configuration.state, list(dry.removed_backends), list(dry.event_ids)) == (REMOVED, ["mine"], [])
    assert (await stored(tenant)).state == ACTIVE

    first = await delete(tenant, request_id="once")
    again = await delete(tenant, request_id="once")
    assert again == first
    assert len(await versions(tenant)) == 2
