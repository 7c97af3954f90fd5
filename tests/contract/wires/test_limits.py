"""How long a text, how large a document, how many items: what is at the limit is taken, what is over it is named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from agentrouter.configurator.v1 import backends_pb2 as backends
from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from buf.validate import validate_pb2
from controlplane.transport.seam import SPOKEN_BY_GATEWAYS
from tests.contract.wires.documents import consumer
from tests.contract.wires.people import Tenant
from tests.contract.wires.procedures import procedures
from tests.contract.wires.refusals import Refused, refusal

LARGEST_DOCUMENT = 4_000_000
LONGEST_NAME = 250


def texts(descriptor: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldDescriptor]]:
    """Every single text of a request, with the way to it through messages of our own."""
    for field in descriptor.fields:
        if field.is_repeated:
            continue
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING and field.type == FieldDescriptor.TYPE_STRING:
            yield (*way, field.name), field
        elif field.message_type and field.message_type.full_name.startswith("agentrouter."):
            yield from texts(field.message_type, (*way, field.name))


def longest(field: FieldDescriptor) -> int:
    """What its rule allows, a pattern too, of what has nothing but one letter; 0 when it has none."""
    extension: Any = validate_pb2.field
    rules = field.GetOptions().Extensions[extension].string
    if rules.max_len or rules.max_bytes:
        return int(rules.max_len or rules.max_bytes)
    lengths = (most for most in range(10_000, 0, -1) if re.fullmatch(rules.pattern, "x" * most))
    return next(lengths, 0) % 10_000 if rules.pattern else 0


def with_text(kind: Any, way: tuple[str, ...], text: str) -> Any:
    request = kind()
    holder = request
    for name in way[:-1]:
        holder = getattr(holder, name)
    setattr(holder, way[-1], text)
    return request


async def faults(tenant: Tenant, request: Any) -> dict[str, str]:
    """The fields that are refused; none when it is answered, or refused for something else."""
    try:
        await tenant.call(request)
    except Refused as refused:
        return dict(refused.faults) if refused.code == "INVALID_ARGUMENT" else {}
    return {}


async def test_every_text_of_every_request_has_a_longest_length() -> None:
    unlimited = [
        f"{procedure.name}.{'.'.join(way)}"
        for procedure in procedures()
        for way, field in texts(procedure.request.DESCRIPTOR)
        if not longest(field)
    ]

    assert unlimited == []


async def test_a_text_that_is_one_sign_too_long_is_refused_by_its_name(tenant: Tenant) -> None:
    for procedure in procedures():
        if procedure.streams:
            continue
        for way, field in texts(procedure.request.DESCRIPTOR):
            too_long = with_text(procedure.request, way, "x" * (longest(field) + 1))
            assert ".".join(way) in await faults(tenant, too_long), (procedure.name, way)


async def test_a_text_of_just_the_longest_length_is_not_refused_for_it(tenant: Tenant) -> None:
    for procedure in procedures():
        for way, field in texts(procedure.request.DESCRIPTOR):
            if procedure.streams or longest(field) > 5000:
                continue
            found = await faults(tenant, with_text(procedure.request, way, "x" * longest(field)))
            assert "at most" not in found.get(".".join(way), ""), (procedure.name, way, found)


async def test_an_item_of_a_list_that_is_too_long_is_refused_by_its_place(tenant: Tenant) -> None:
    long = "x" * 200
    lists: dict[str, Any] = {
        "workspace_ids[1]": management_keys.CreateManagementKeyRequest(
            name="k", role=management_keys.ROLE_VIEWER, workspace_ids=["a", long]
        ),
        "names[1]": backends.DeleteBYOKBackendsRequest(user_id="ada", names=["a", long]),
        "categories[1]": gateways.UpsertMCPCatalogServerRequest(categories=["a", long]),
        "held_revocations[0].jti": configurations.GetConfigurationRequest(
            held_revocations=[configurations.Revocation(jti=long)]
        ),
    }

    for place, request in lists.items():
        assert place in await faults(tenant, request), place


async def test_a_text_with_the_nul_character_is_refused_by_its_name(tenant: Tenant) -> None:
    for procedure in procedures():
        if procedure.streams or procedure.path in SPOKEN_BY_GATEWAYS:
            continue
        for way, field in texts(procedure.request.DESCRIPTOR):
            if not field.GetOptions().debug_redact:
                found = await faults(tenant, with_text(procedure.request, way, "a\0b"))
                assert found, (procedure.name, way)
    trigger = configurations.TriggerUpdateRequest(reason="a\0b", user_id="\0")
    assert (await faults(tenant, trigger)).keys() == {"reason", "user_id"}


def large_consumer(size: int) -> str:
    """A document of exactly so many bytes."""
    models = [f"{number:06}-{'x' * (LONGEST_NAME - 7)}" for number in range(size // (LONGEST_NAME + 4) - 20)]
    content = consumer("ada", models=models)
    return content + " " * (size - len(content))


async def test_a_document_of_just_the_largest_size_goes_in_and_out(tenant: Tenant) -> None:
    content = large_consumer(LARGEST_DOCUMENT)

    put = await tenant.put(content, user_id="ada")
    shown = await tenant.call(documents.GetDocumentRequest(workspace_id=tenant.id, user_id="ada"))

    assert put.configuration.version == 1
    assert json.loads(shown.document.content) == json.loads(content)
    request = configurations.GetConfigurationRequest(workspace_id=tenant.id)
    (delivered,) = (await tenant.call(request)).configurations
    assert len(delivered.document) > LARGEST_DOCUMENT * 0.9


@pytest.mark.parametrize("kind", [documents.PutDocumentRequest, documents.DiffDocumentRequest])
async def test_a_document_that_is_one_byte_larger_is_refused(tenant: Tenant, kind: Any) -> None:
    content = large_consumer(LARGEST_DOCUMENT + 1)

    with refusal("INVALID_ARGUMENT", "INVALID_INPUT") as refused:
        await tenant.call(kind(workspace_id=tenant.id, user_id="ada", content=content))

    assert set(refused.faults) == {"content"}


async def test_a_page_has_fifty_items_unless_more_are_asked_for_and_never_more_than_a_thousand(tenant: Tenant) -> None:
    for number in range(52):
        await tenant.put(consumer("ada", groups=[f"g{number}"]), user_id="ada")
    request = documents.ListDocumentVersionsRequest(workspace_id=tenant.id, user_id="ada")

    usual = await tenant.call(request)
    request.page_size = 2_000_000_000
    all_of_them = await tenant.call(request)

    assert (len(usual.versions), bool(usual.next_page_token)) == (50, True)
    assert (len(all_of_them.versions), bool(all_of_them.next_page_token)) == (52, False)
