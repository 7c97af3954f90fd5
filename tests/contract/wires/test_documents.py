"""Source documents: every fault named and nothing stored, dry runs, etags, validation."""

from __future__ import annotations

import json

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.management.v1 import documents_pb2 as documents
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal

FAULTY = {
    "version": "v0.3",
    "listeners": [{"name": "http", "address": "nowhere", "port": 99999}],
    "providers": {"models": [{"name": "fast", "backend_refs": [{"base_url": "ftp://x"}]}], "surprise": 1},
    "routing": {"modelCards": [{"name": "fast"}]},
}
FAULTY_PATHS = {
    "listeners[0].address",
    "listeners[0].port",
    "providers.models[0].backend_refs[0].base_url",
    "providers.surprise",
}


async def stored(tenant: Tenant) -> tuple[int, int]:
    """The workspace's revision and how many configurations it has."""
    listed = await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id, history=True))
    news = await tenant.call(configurations.GetConfigurationRequest(workspace_id=tenant.id))
    return news.revision, len(listed.configurations)


async def test_a_faulty_document_is_refused_with_every_fault_and_nothing_is_stored(tenant: Tenant) -> None:
    before = await stored(tenant)

    with refusal("INVALID_ARGUMENT", "DOCUMENT_INVALID") as refused:
        await tenant.put(json.dumps(FAULTY))

    assert set(refused.faults) >= FAULTY_PATHS
    assert all(refused.faults.values())
    assert await stored(tenant) == before
    with refusal("NOT_FOUND"):
        await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id))


async def test_validation_names_the_same_faults_without_refusing_the_call(tenant: Tenant) -> None:
    request = documents.ValidateDocumentRequest(workspace_id=tenant.id, content=json.dumps(FAULTY))

    answer = await tenant.call(request)

    assert not answer.valid
    assert {fault.path for fault in answer.faults} >= FAULTY_PATHS
    assert all(fault.code and fault.message and fault.remedy for fault in answer.faults)
    assert {fault.severity for fault in answer.faults} == {documents.FAULT_SEVERITY_ERROR}


async def test_faults_are_placed_in_the_content_that_was_sent(tenant: Tenant) -> None:
    request = documents.ValidateDocumentRequest(workspace_id=tenant.id, content=json.dumps(FAULTY, indent=1))

    answer = await tenant.call(request)

    lines = request.content.splitlines()
    for fault in answer.faults:
        written = lines[fault.line - 1][fault.column - 1 :]
        assert written.startswith(f'"{fault.path.rpartition(".")[2]}"'), fault


async def test_a_document_with_warnings_alone_is_valid(tenant: Tenant) -> None:
    cards = [{"name": "fast", "loras": [{"name": "sql"}]}, {"name": "slow", "loras": [{"name": "sql"}]}]
    request = documents.ValidateDocumentRequest(workspace_id=tenant.id, content=document(routing={"modelCards": cards}))

    answer = await tenant.call(request)

    assert answer.valid
    assert [fault.severity for fault in answer.faults] == [documents.FAULT_SEVERITY_WARNING]
    assert (await tenant.put(request.content)).changed


async def test_what_is_only_wrong_against_the_store_is_placed_too(tenant: Tenant) -> None:
    content = document(api_key="secret://nobody/x")

    answer = await tenant.call(documents.ValidateDocumentRequest(workspace_id=tenant.id, content=content))

    (fault,) = answer.faults
    assert content[fault.column - 1 :].startswith('"api_key"')


async def test_a_refusal_carries_the_way_out(tenant: Tenant) -> None:
    with refusal("INVALID_ARGUMENT", "DOCUMENT_INVALID") as refused:
        await tenant.put("version: v0.3\nrouting: {modelCards: [{nmae: a}]}\n")
    with refusal("INVALID_ARGUMENT", "DOCUMENT_INVALID") as unreadable:
        await tenant.put("a: 1\nb: [\n")

    assert refused.faults["routing.modelCards[0].nmae"].endswith("; did you mean 'name'?")
    assert unreadable.faults[""].startswith("line 3, column 1: ")


async def test_a_valid_document_is_called_valid_and_is_not_stored(tenant: Tenant) -> None:
    before = await stored(tenant)

    answer = await tenant.call(documents.ValidateDocumentRequest(workspace_id=tenant.id, content=document()))

    assert answer.valid
    assert await stored(tenant) == before


async def test_hundreds_of_faults_are_told_as_far_as_the_wire_carries_them(tenant: Tenant) -> None:
    models = [{"name": f"m{number}", "backend_refs": [{"base_url": "ftp://x"}]} for number in range(300)]
    faulty = document(providers={"models": models})

    with refusal("INVALID_ARGUMENT", "DOCUMENT_INVALID") as refused:
        await tenant.put(faulty)

    assert len(refused.faults) >= (10 if tenant.api.name == "grpc" else 300)
    assert "fault(s)" in refused.message


async def test_what_is_neither_yaml_nor_json_is_a_fault_like_any_other(tenant: Tenant) -> None:
    for content in ("{", "- a\n- b", "a: b: c", "just words", "a: &x [*x]", "\x00", "a: !!python/object:os.system {}"):
        with refusal("INVALID_ARGUMENT") as refused:
            await tenant.put(content)
        assert refused.faults


async def test_yaml_is_taken_and_shown_again_as_json_that_can_be_put_back(tenant: Tenant) -> None:
    yaml_text = "version: v0.3\n" + "\n".join(
        f"{name}: {json.dumps(value)}" for name, value in json.loads(document()).items() if name != "version"
    )

    await tenant.put(yaml_text)
    shown = (await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id))).document
    again = await tenant.put(shown.content)

    assert json.loads(shown.content)["version"] == "v0.3"
    assert not again.changed
    assert again.document.etag == shown.etag


async def test_the_source_is_shown_with_references_in_place_of_credentials(tenant: Tenant) -> None:
    put = await tenant.put(document(api_key="sk-upstream-9"))

    shown = (await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id))).document

    assert "sk-upstream-9" not in shown.content + put.document.content
    assert "secret://" in shown.content


async def test_a_reference_to_a_secret_that_is_not_stored_does_not_compile(tenant: Tenant) -> None:
    path = "providers.models[0].backend_refs[0].api_key"
    before = await stored(tenant)

    with refusal("FAILED_PRECONDITION", "DOES_NOT_COMPILE") as refused:
        await tenant.put(document(api_key="secret://nobody/put/it"))

    assert set(refused.faults) == {path}
    assert await stored(tenant) == before
    request = documents.ValidateDocumentRequest(workspace_id=tenant.id, content=document(api_key="secret://nobody/x"))
    assert [fault.path for fault in (await tenant.call(request)).faults] == [path]


async def test_a_credential_must_be_given_again_for_another_host(tenant: Tenant) -> None:
    put = await tenant.put(document(api_key="sk-upstream"))
    ref = json.loads(put.document.content)["providers"]["models"][0]["backend_refs"][0]["api_key"]

    with refusal("FAILED_PRECONDITION", "DOES_NOT_COMPILE") as refused:
        await tenant.put(document(api_key=ref, base_url="https://elsewhere.example.com/v1"))
    moved = await tenant.put(document(api_key="sk-upstream", base_url="https://elsewhere.example.com/v1"))

    (told,) = refused.faults.values()
    assert "https://api.example.com" in told
    assert moved.changed


async def test_a_dry_run_says_what_would_be_stored_and_stores_nothing(tenant: Tenant) -> None:
    await tenant.put()
    before = await stored(tenant)

    dry = await tenant.put(document(alias="other", api_key="sk-dry"), validate_only=True)

    assert dry.changed
    assert dry.configuration.version == 2
    assert await stored(tenant) == before
    real = await tenant.put(document(alias="other", api_key="sk-dry"))
    assert (real.configuration.version, real.configuration.digest) == (2, dry.configuration.digest)


async def test_an_old_etag_is_refused_and_the_present_one_is_taken(tenant: Tenant) -> None:
    first = (await tenant.put()).document.etag
    second = (await tenant.put(document(alias="other"), etag=first)).document.etag

    with refusal("ABORTED", "ETAG_MISMATCH"):
        await tenant.put(document(alias="third"), etag=first)

    assert first != second
    assert (await tenant.put(document(alias="third"), etag=second)).changed


async def test_an_etag_for_a_document_that_nobody_put_is_refused(tenant: Tenant) -> None:
    with refusal("ABORTED", "ETAG_MISMATCH"):
        await tenant.put(etag="etg_nonsense")


async def test_a_renewed_credential_changes_the_etag_though_the_text_is_the_same(tenant: Tenant) -> None:
    first = await tenant.put(document(api_key="sk-one"))

    renewed = await tenant.put(document(api_key="sk-two"))

    assert first.document.content == renewed.document.content
    assert first.document.etag != renewed.document.etag


async def test_a_consumers_document_is_a_configuration_of_its_own(tenant: Tenant) -> None:
    await tenant.put()

    put = await tenant.put(consumer("alice", models=["fast"]), user_id="alice")

    assert (put.configuration.user_id, put.configuration.version) == ("alice", 1)
    listed = (await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id))).configurations
    assert [each.user_id for each in listed] == ["", "alice"]
    shown = await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id, user_id="alice"))
    assert json.loads(shown.document.content)["consumer_id"] == "alice"
