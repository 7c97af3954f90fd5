"""Versions of source documents: who put what, when and why; what another one would change; the way back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.samples import OPERATOR, VIEWER

PATH = "providers.models[0].backend_refs[0].api_key"
KEPT = 50


def on_port(port: int, **fields: Any) -> str:
    return document(listeners=[{"name": "http", "address": "127.0.0.1", "port": port}], **fields)


async def versions(tenant: Tenant, user_id: str = "", **fields: Any) -> list[Any]:
    request = documents.ListDocumentVersionsRequest(workspace_id=tenant.id, user_id=user_id, **fields)
    return list((await tenant.call(request)).versions)


async def roll_back(tenant: Tenant, **fields: Any) -> Any:
    return await tenant.call(documents.RollbackDocumentRequest(workspace_id=tenant.id, **fields))


async def shown(tenant: Tenant, version: int = 0) -> Any:
    return (await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id, version=version))).document


async def diff(tenant: Tenant, content: str, bearer: str = "", **fields: Any) -> Any:
    request = documents.DiffDocumentRequest(workspace_id=tenant.id, content=content, **fields)
    return await tenant.api(request, bearer or tenant.admin)


async def test_each_version_tells_who_put_it_when_why_and_what_came_of_it(tenant: Tenant) -> None:
    first = await tenant.put(reason="the beginning")
    made = await tenant.call(management_keys.CreateManagementKeyRequest(name="ci", role=OPERATOR))
    request = documents.PutDocumentRequest(workspace_id=tenant.id, content=document(alias="other"), reason="cheaper")
    second = await tenant.api(request, made.secret)

    newest, oldest = await versions(tenant)

    assert (newest.version, newest.author, newest.reason) == (2, made.key.id, "cheaper")
    assert (oldest.version, oldest.reason) == (1, "the beginning")
    assert [newest.etag, oldest.etag] == [second.document.etag, first.document.etag]
    assert [newest.configuration_version, oldest.configuration_version] == [2, 1]
    assert newest.created_at == second.document.updated_at
    assert second.document.version == 2


async def test_what_changes_nothing_makes_no_version_and_a_renewed_credential_makes_one(tenant: Tenant) -> None:
    await tenant.put(document(api_key="sk-one"))
    await tenant.put(document(api_key="sk-one"), reason="again")
    await tenant.put(document(api_key="sk-two"), validate_only=True)
    assert len(await versions(tenant)) == 1

    await tenant.put(document(api_key="sk-two"), reason="leaked")

    assert [each.reason for each in await versions(tenant)] == ["leaked", ""]


async def test_an_earlier_version_is_shown_as_it_was(tenant: Tenant) -> None:
    await tenant.put(document(api_key="sk-of-before"))
    before = await shown(tenant)
    await tenant.put(document(alias="other", api_key="sk-of-now"))

    assert await shown(tenant, version=1) == before
    assert (await shown(tenant, version=2)).content == (await shown(tenant)).content != before.content
    with refusal("NOT_FOUND") as refused:
        await shown(tenant, version=3)
    assert "version 3" in refused.message


async def test_versions_come_in_pages_newest_first(tenant: Tenant) -> None:
    for number in range(5):
        await tenant.put(document(alias=f"alias-{number}"))
    seen: list[int] = []
    token = ""

    while token or not seen:
        request = documents.ListDocumentVersionsRequest(workspace_id=tenant.id, page_size=2, page_token=token)
        page = await tenant.call(request)
        seen += [each.version for each in page.versions]
        token = page.next_page_token

    assert seen == [5, 4, 3, 2, 1]
    with refusal("INVALID_ARGUMENT"):
        await versions(tenant, page_token="nonsense")


async def test_a_consumers_document_has_versions_of_its_own_from_its_first_key_on(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(consumer("ada", models=["fast"]), user_id="ada", reason="only fast")

    assert [each.reason for each in await versions(tenant, "ada")] == ["only fast"]
    assert len(await versions(tenant)) == 1


async def test_rolling_back_puts_the_earlier_version_again_as_a_new_one(tenant: Tenant) -> None:
    first = await tenant.put()
    await tenant.put(document(alias="other"))

    back = await roll_back(tenant, reason="worse answers")

    assert (back.restored_version, back.document.version, back.changed) == (1, 3, True)
    assert back.document.content == first.document.content
    assert (back.configuration.version, back.configuration.digest) == (3, first.configuration.digest)
    newest = (await versions(tenant))[0]
    assert (newest.restored_version, newest.reason, newest.configuration_version) == (1, "worse answers", 3)


async def test_rolling_back_rings_every_data_plane_like_a_put(tenant: Tenant) -> None:
    await tenant.put()
    agent = await tenant.settled_agent()
    await tenant.put(document(alias="other"))
    await agent.settle()

    back = await roll_back(tenant)

    await tenant.noticed()
    assert [event.id for event in await agent.pending()] == list(back.event_ids)


async def test_any_kept_version_can_be_put_again_and_the_present_one_changes_nothing(tenant: Tenant) -> None:
    for alias in ("one", "two", "three"):
        await tenant.put(document(alias=alias))

    back = await roll_back(tenant, version=2)
    same = await roll_back(tenant, version=2)

    assert (back.restored_version, back.document.version) == (2, 4)
    assert (same.changed, same.document.version, list(same.event_ids)) == (False, 4, [])
    with refusal("NOT_FOUND"):
        await roll_back(tenant, version=99)


async def test_without_a_version_the_newest_that_says_something_else_is_put_again(tenant: Tenant) -> None:
    await tenant.put(document(alias="one", api_key="sk-one"))
    await tenant.put(document(alias="two", api_key="sk-one"))
    await tenant.put(document(alias="two", api_key="sk-two"))

    assert (await roll_back(tenant)).restored_version == 1


async def test_without_any_earlier_version_there_is_no_way_back(tenant: Tenant) -> None:
    with refusal("NOT_FOUND"):
        await roll_back(tenant)
    await tenant.put()
    with refusal("NOT_FOUND") as refused:
        await roll_back(tenant)

    assert "earlier version" in refused.message


async def test_a_dry_run_says_what_would_come_and_stores_nothing(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(document(alias="other"))

    dry = await roll_back(tenant, validate_only=True)

    assert (dry.restored_version, dry.changed, dry.configuration.version) == (1, True, 3)
    assert len(await versions(tenant)) == 2
    assert (await shown(tenant)).version == 2


async def test_an_old_etag_stops_the_way_back(tenant: Tenant) -> None:
    old = (await tenant.put()).document.etag
    await tenant.put(document(alias="other"))

    with refusal("ABORTED", "ETAG_MISMATCH"):
        await roll_back(tenant, etag=old)


async def test_a_repeated_rollback_is_carried_out_once(tenant: Tenant) -> None:
    await tenant.put()
    await tenant.put(document(alias="other"))

    first = await roll_back(tenant, request_id="back")
    again = await roll_back(tenant, request_id="back")

    assert (again.restored_version, again.configuration.version) == (1, first.configuration.version)
    assert list(again.event_ids) == list(first.event_ids)
    assert len(await versions(tenant)) == 3


async def test_a_reference_stands_for_the_newest_stored_credential(tenant: Tenant) -> None:
    before = await tenant.put(document(api_key="sk-one"))
    await tenant.put(on_port(12583, api_key="sk-two"))

    back = await roll_back(tenant, version=1)

    assert back.document.content == before.document.content
    assert back.configuration.digest != before.configuration.digest, "the credential of now, not that of then"
    assert not (await tenant.put(document(api_key="sk-two"))).changed


async def test_a_credential_that_moved_to_another_host_stops_the_way_back(tenant: Tenant) -> None:
    await tenant.put(document(api_key="sk-one"))
    await tenant.put(document(api_key="sk-two", base_url="https://elsewhere.example.com/v1"))

    with refusal("FAILED_PRECONDITION", "DOES_NOT_COMPILE") as refused:
        await roll_back(tenant, version=1)

    assert set(refused.faults) == {PATH}
    assert "https://elsewhere.example.com" in refused.faults[PATH]
    assert "give the credential again" in refused.faults[PATH]
    assert len(await versions(tenant)) == 2


async def test_the_newest_fifty_stay_and_older_ones_go_after_thirty_days(tenant: Tenant) -> None:
    for number in range(KEPT + 3):
        await tenant.put(document(alias=f"alias-{number}"))
    await tenant.upkeep()
    assert len(await versions(tenant, page_size=1000)) == KEPT + 3

    tenant.running.clock.skip(timedelta(days=31))
    await tenant.upkeep()

    kept = [each.version for each in await versions(tenant, page_size=1000)]
    assert kept == list(range(KEPT + 3, 3, -1))
    with refusal("NOT_FOUND"):
        await roll_back(tenant, version=3)


async def test_a_document_is_compared_by_meaning(tenant: Tenant) -> None:
    await tenant.put(document(api_key="sk-one"))
    same = json.loads(document(api_key="sk-one"))

    assert not (await diff(tenant, json.dumps({key: same[key] for key in reversed(same)}))).differences
    found = await diff(tenant, on_port(12583, api_key="sk-one"))

    (one,) = found.differences
    assert (one.path, one.kind) == ("listeners['http'].port", documents.DIFFERENCE_KIND_CHANGED)
    assert (one.old_value, one.new_value) == ("12582", "12583")
    assert (found.version, found.etag) == (1, (await shown(tenant)).etag)


async def test_whether_a_credential_is_the_stored_one_is_told_to_operators_alone(tenant: Tenant) -> None:
    await tenant.put(document(api_key="sk-one"))
    viewer, operator = await tenant.key(VIEWER), await tenant.key(OPERATOR)

    told = await diff(tenant, document(api_key="sk-two"), operator)
    untold = await diff(tenant, document(api_key="sk-two"), viewer)

    assert [(each.path, each.kind) for each in told.differences] == [(PATH, documents.DIFFERENCE_KIND_RENEWED)]
    assert not untold.differences
    assert not (await diff(tenant, document(api_key="sk-one"), operator)).differences


async def test_no_difference_holds_a_credential(tenant: Tenant) -> None:
    found = await diff(tenant, document(api_key="sk-canary-1"))
    await tenant.put(document(api_key="sk-canary-2"))
    again = await diff(tenant, document(alias="other", api_key="sk-canary-3"))

    assert "sk-canary" not in f"{found}{again}"
    assert "secret://" in str(found)


async def test_everything_is_added_where_nothing_is_stored(tenant: Tenant) -> None:
    found = await diff(tenant, document())

    assert found.version == 0
    assert {each.kind for each in found.differences} == {documents.DIFFERENCE_KIND_ADDED}
    with refusal("NOT_FOUND"):
        await diff(tenant, document(), version=1)


async def test_a_document_can_be_compared_with_an_earlier_version(tenant: Tenant) -> None:
    await tenant.put(document(alias="one"))
    await tenant.put(document(alias="two"))

    found = await diff(tenant, document(alias="one"), version=1)

    assert (found.version, list(found.differences)) == (1, [])


async def test_a_difference_comes_with_what_a_put_would_refuse(tenant: Tenant) -> None:
    await tenant.put()

    unread = await diff(tenant, "version: v0.3\nsurprise: 1\n")
    dangling = await diff(tenant, document(api_key="secret://nobody/put/it"))

    assert not unread.differences
    assert unread.faults
    assert [each.path for each in dangling.faults] == [PATH]
    assert dangling.differences


async def test_a_version_that_todays_rules_refuse_is_not_put_again_and_its_faults_are_told(tenant: Tenant) -> None:
    """A release before may have taken what this one does not."""
    await tenant.put()
    content = document(listeners=[{"name": "http", "address": "127.0.0.1", "port": 12582, "retired": 1}]).encode()
    async with tenant.running.plane.store.unit_of_work() as work:
        stored = await work.document_versions.newest(tenant.id, "")
        assert stored is not None
        await work.document_versions.add(replace(stored, version=7, content=content))

    with refusal("FAILED_PRECONDITION", "DOES_NOT_COMPILE") as refused:
        await roll_back(tenant, version=7)

    assert set(refused.faults) == {"listeners[0].retired"}
    assert "version 7 does not keep the rules of this release" in refused.message
    found = await diff(tenant, document(), version=7)
    assert [each.path for each in found.differences] == ["listeners['http'].retired"]
