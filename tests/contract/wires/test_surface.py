"""What else the ports answer: RPCs of later releases, health, reflection, metrics, plain HTTP, the other protocols."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import aiohttp
import grpc
import pytest
from google.protobuf import json_format
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from controlplane.transport.http_app import ALIASES
from controlplane.transport.operations import service_descriptors
from tests.contract.wires.clients import Api, connect_json_refusal, open_api
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Tenant, new_tenant
from tests.contract.wires.plain_http import get, post
from tests.contract.wires.procedures import Procedure, procedure_of, procedures
from tests.contract.wires.refusals import refusal
from tests.contract.wires.running import Running

SERVICES = [service.full_name for service in service_descriptors()]


def of_later_releases(running: Running) -> list[Procedure]:
    """RPCs without a handler."""
    table = running.plane.operations
    return [each for each in procedures() if table[each.path].handler is None and table[each.path].streamer is None]


async def test_an_rpc_of_a_later_release_says_so_by_its_name(api: Api, control_plane: Running) -> None:
    for procedure in of_later_releases(control_plane):
        if not (procedure.streams and api.name == "json"):
            with refusal("UNIMPLEMENTED", "NOT_IN_THIS_RELEASE") as refused:
                await api(procedure.request())
            assert procedure.path[1:] in refused.message
            assert refused.info.metadata["method"] == procedure.path[1:]


async def test_an_rpc_that_nobody_ever_heard_of_is_unimplemented_or_not_found(control_plane: Running) -> None:
    async with grpc.aio.insecure_channel(control_plane.grpc) as channel:
        call: Any = channel.unary_unary("/agentrouter.configurator.v1.ConfiguratorService/Nonsense")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(b"")
    async with aiohttp.ClientSession() as session:
        response = await session.post(f"{control_plane.url}/agentrouter.configurator.v1.ConfiguratorService/Nonsense")

    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert response.status == 404


async def test_grpc_web_carries_answers_and_refusals_with_their_details(control_plane: Running) -> None:
    api = open_api("grpc-web", control_plane.grpc, control_plane.url)
    tenant = await new_tenant(api, control_plane)

    put = await tenant.put()
    with refusal("INVALID_ARGUMENT", "DOCUMENT_INVALID") as refused:
        await tenant.put(document(surprise=1))
    await api.close()

    assert put.changed
    assert refused.faults


async def test_lists_may_be_asked_for_by_get_and_changes_may_not(tenant: Tenant) -> None:
    await tenant.put(consumer("alice"), user_id="alice")
    bearer = {"Authorization": f"Bearer {tenant.admin}"}
    users = procedure_of(configurations.ListActiveUsersRequest).path
    trigger = procedure_of(configurations.TriggerUpdateRequest).path
    query = {"connect": "v1", "encoding": "json", "message": json.dumps({"workspaceId": tenant.id})}
    binary = configurations.ListActiveUsersRequest(workspace_id=tenant.id).SerializeToString()
    packed = {
        "connect": "v1",
        "encoding": "proto",
        "base64": "1",
        "message": base64.urlsafe_b64encode(binary).decode().rstrip("="),
    }

    as_json = await get(tenant.running, users, params=query, headers=bearer)
    as_proto = await get(tenant.running, users, params=packed, headers=bearer)
    changing = await get(tenant.running, trigger, params=query, headers=bearer)

    assert (as_json[0], json.loads(as_json[1])) == (200, {"userIds": ["alice"]})
    assert as_proto == (200, "\n\x05alice")
    assert changing[0] == 405


async def test_the_documented_call_works_as_written(tenant: Tenant) -> None:
    await tenant.put(reason="for curl")

    status, text = await post(tenant.running, "/configurator/v1/config", '{"queries": []}', tenant.admin)

    answer = json.loads(text)
    assert status == 200
    assert answer["configurations"][0]["workspace_id"] == tenant.id
    assert int(answer["revision"]) > 0


async def test_plain_json_is_refused_with_a_status_and_typed_details(tenant: Tenant) -> None:
    path = "/configurator/v1/config"
    for body, bearer, status, reason in (
        ("{", tenant.admin, 400, "MALFORMED_REQUEST"),
        ('{"surprise": 1}', tenant.admin, 400, "MALFORMED_REQUEST"),
        ('{"since_revision": "-1"}', tenant.admin, 400, "INVALID_INPUT"),
        ('{"workspace_id": "ws_other"}', tenant.admin, 404, "NOT_FOUND"),
        ("{}", "", 401, "TOKEN_MISSING"),
        ("{}", "nonsense", 401, "TOKEN_MALFORMED"),
        ("x" * 5_000_000, tenant.admin, 413, "REQUEST_TOO_LARGE"),
    ):
        answered, text = await post(tenant.running, path, body, bearer)
        (info,) = [each for each in json.loads(text)["details"] if each["@type"].endswith("google.rpc.ErrorInfo")]
        assert (answered, info["reason"], info["domain"]) == (status, reason, "agentrouter")


async def test_the_other_documented_paths_exist(control_plane: Running) -> None:
    later = {procedure.name for procedure in of_later_releases(control_plane)}
    for path, name in ALIASES.items():
        status, _ = await post(control_plane, path, "{}")
        assert status == (501 if name in later else 401), path


async def test_json_may_name_fields_either_way_and_gets_them_in_camel_case(tenant: Tenant) -> None:
    path = procedure_of(workspaces.GetWorkspaceRequest).path
    for spelling in ("workspaceId", "workspace_id"):
        status, text = await post(tenant.running, path, json.dumps({spelling: tenant.id}), tenant.admin)
        assert status == 200
        assert json.loads(text)["workspace"]["tenantId"] == tenant.tenant_id


async def test_requests_may_be_compressed_and_answers_never_are(tenant: Tenant) -> None:
    path = procedure_of(documents.PutDocumentRequest).path
    request = documents.PutDocumentRequest(workspace_id=tenant.id, content=document())
    body = gzip.compress(json_format.MessageToJson(request).encode())

    status, _ = await post(
        tenant.running, path, body, tenant.admin, **{"content-encoding": "gzip", "accept-encoding": "gzip"}
    )

    assert status == 200


async def test_another_content_type_is_refused(control_plane: Running) -> None:
    path = procedure_of(workspaces.ListWorkspacesRequest).path
    for content_type in ("text/plain", "application/xml", "application/x-www-form-urlencoded", ""):
        status, _ = await post(control_plane, path, "{}", **{"content-type": content_type})
        assert status == 415


async def test_health_readiness_and_metrics_need_no_credential(control_plane: Running) -> None:
    assert await get(control_plane, "/health") == (200, '{"status":"ok"}')
    assert await get(control_plane, "/ready") == (200, '{"status":"ready"}')
    status, page = await get(control_plane, "/metrics")
    assert status == 200
    assert "agentrouter_hanging_polls 0.0" in page


async def test_calls_are_counted_by_method_wire_and_code(tenant: Tenant) -> None:
    await tenant.put()
    with refusal("NOT_FOUND"):
        await tenant.call(workspaces.GetWorkspaceRequest(workspace_id="ws_nowhere"))

    _, page = await get(tenant.running, "/metrics")

    wire = "grpc" if tenant.api.name == "grpc" else "connect"
    for code, method in (("OK", "DocumentService/PutDocument"), ("NOT_FOUND", "WorkspaceService/GetWorkspace")):
        labels = f'code="{code}",method="/agentrouter.management.v1.{method}",wire="{wire}"'
        assert f"agentrouter_calls_total{{{labels}}}" in page


async def test_grpc_health_is_told_for_every_service(control_plane: Running) -> None:
    async with grpc.aio.insecure_channel(control_plane.grpc) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in ("", *SERVICES):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_lists_every_service_and_describes_it(control_plane: Running) -> None:
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        *(reflection_pb2.ServerReflectionRequest(file_containing_symbol=service) for service in SERVICES),
    ]
    async with grpc.aio.insecure_channel(control_plane.grpc) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        listed, *described = [answer async for answer in stub.ServerReflectionInfo(iter(requests))]

    names = {service.name for service in listed.list_services_response.service}
    assert names >= {*SERVICES, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    assert all(each.file_descriptor_response.file_descriptor_proto for each in described)


async def test_a_refusal_on_one_wire_is_the_same_on_the_others(tenant: Tenant) -> None:
    request = documents.PutDocumentRequest(workspace_id=tenant.id, content=document(surprise=1))
    said = []
    for name in ("grpc", "connect", "json", "grpc-web"):
        api = open_api(name, tenant.running.grpc, tenant.running.url)
        with refusal("INVALID_ARGUMENT") as refused:
            await api(request, tenant.admin)
        said.append(refused.refused.said)
        await api.close()

    assert said == [said[0]] * 4


async def test_what_json_cannot_be_of_a_message_is_named_without_its_value(tenant: Tenant) -> None:
    path = procedure_of(documents.PutDocumentRequest).path
    for body, field in (
        ('{"content": {"api_key": "sk-canary"}}', "content"),
        ('{"validateOnly": "sk-canary"}', "validateOnly"),
        ('{"sk-canary-is-a-field": 1}', "sk-canary-is-a-field"),
    ):
        status, text = await post(tenant.running, path, body, tenant.admin)
        refused = connect_json_refusal(text)
        assert (status, refused.reason) == (400, "MALFORMED_REQUEST")
        assert set(refused.faults) == {field}
        assert "sk-canary" not in refused.message.replace(field, "")
