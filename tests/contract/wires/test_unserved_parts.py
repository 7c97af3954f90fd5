"""Parts of the contract that no data plane runs yet: valid by the contract, told by validation, refused when put."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.management.v1 import documents_pb2 as documents
from contract import parse_consumer, parse_text, parse_workspace, unserved_parts
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal

LISTENER = {"name": "http", "address": "127.0.0.1", "port": 12582}
ROUTED = document(listeners=[{**LISTENER, "routes": [{"prefix": "/team-a"}]}])
REMEMBERING = json.dumps({**json.loads(document()), "global": {"stores": {"memory": {"enabled": True}}}})
LIMITED = consumer("ada", limits_class="rpm-10", budget={"amount": 5})

PARTS = [
    pytest.param("", ROUTED, {"listeners[0].routes"}, id="routes"),
    pytest.param("", REMEMBERING, {"global.stores.memory"}, id="memory"),
    pytest.param("ada", LIMITED, {"limits_class", "budget"}, id="limits"),
]


async def versions(tenant: Tenant) -> list[Any]:
    found = await tenant.call(configurations.ListConfigurationsRequest(workspace_id=tenant.id, history=True))
    return list(found.configurations)


@pytest.mark.parametrize(("user_id", "content", "paths"), PARTS)
async def test_the_contract_alone_calls_it_valid(user_id: str, content: str, paths: set[str]) -> None:
    parsed = (parse_consumer if user_id else parse_workspace)(parse_text(content))

    assert {fault.path for fault in unserved_parts(parsed)} == paths


@pytest.mark.parametrize(("user_id", "content", "paths"), PARTS)
async def test_a_put_is_refused_naming_the_part_and_nothing_is_stored(
    tenant: Tenant, user_id: str, content: str, paths: set[str]
) -> None:
    await tenant.put()
    before = await versions(tenant)

    for dry_run in (True, False):
        with refusal("INVALID_ARGUMENT", "DOCUMENT_INVALID") as refused:
            await tenant.put(content, user_id=user_id, validate_only=dry_run)

        assert set(refused.faults) == paths
        assert all("not run by any data plane" in told for told in refused.faults.values())
    assert await versions(tenant) == before


@pytest.mark.parametrize(("user_id", "content", "paths"), PARTS)
async def test_validation_and_comparison_tell_exactly_what_a_put_would_refuse(
    tenant: Tenant, user_id: str, content: str, paths: set[str]
) -> None:
    asked: dict[str, Any] = {"workspace_id": tenant.id, "user_id": user_id, "content": content}

    judged = await tenant.call(documents.ValidateDocumentRequest(**asked))
    compared = await tenant.call(documents.DiffDocumentRequest(**asked))

    assert not judged.valid
    assert {(fault.path, fault.code) for fault in judged.faults} == {(path, "unsupported") for path in paths}
    assert list(compared.faults) == list(judged.faults)


async def test_a_part_that_says_what_its_default_says_may_be_put(tenant: Tenant) -> None:
    plain = json.loads(document(listeners=[{**LISTENER, "routes": []}]))
    plain["global"] = {"stores": {"memory": {"enabled": False}}}

    await tenant.put(json.dumps(plain))
    await tenant.put(consumer("ada", limits_class="", groups=["research"]), user_id="ada")


async def test_validation_refuses_the_document_of_another_consumer_as_a_put_does(tenant: Tenant) -> None:
    request = documents.ValidateDocumentRequest(workspace_id=tenant.id, user_id="ada", content=consumer("eve"))

    judged = await tenant.call(request)

    assert [(fault.path, fault.code) for fault in judged.faults] == [("consumer_id", "mismatch")]
