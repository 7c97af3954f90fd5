"""What reaches no RPC, and what the libraries refuse before we read it: JSON, details and a way out all the same."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import timedelta
from typing import Any

import aiohttp
import grpc
import pytest
from google.protobuf import json_format
from google.rpc import status_pb2

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter_cli.client import Client
from agentrouter_cli.errors import Unreachable
from agentrouter_cli.product import Product
from liaison_agent.control.connect_wire import ConnectWire
from liaison_agent.control.grpc_wire import GrpcWire
from liaison_agent.control.wires import Procedure, Wire, WireFailure, error_of
from tests.contract.wires.clients import DETAILS, connect_json_refusal
from tests.contract.wires.people import Tenant

# None of this asks the database anything.
pytestmark = pytest.mark.parametrize("control_plane", ["sqlite"], indirect=True)

SERVICE = "agentrouter.configurator.v1.ConfiguratorService"
LIST, TRIGGER, SYNC = f"/{SERVICE}/ListActiveUsers", f"/{SERVICE}/TriggerUpdate", f"/{SERVICE}/FullSyncWorkspace"
JSON = {"content-type": "application/json"}
END_OF_STREAM = 2  # the flag of an envelope that is not compressed


async def asked(tenant: Tenant, method: str, path: str, body: bytes | str = b"", **headers: str) -> tuple[Any, bytes]:
    """The answer's head and its body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{tenant.running.url}{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url, data=body, headers=named) as answer:
        return answer, await answer.read()


def reason_of(body: bytes) -> str:
    """Of a refusal in Connect's JSON, or in that of the REST aliases."""
    (detail,) = json.loads(body)["details"]
    return str(detail["reason"]) if "reason" in detail else connect_json_refusal(body.decode()).reason


@pytest.mark.parametrize(
    ("method", "path", "status", "reason", "allow"),
    [
        ("POST", f"/{SERVICE}/GetConfigurations", 404, "UNKNOWN_RPC", None),
        ("GET", "/nothing", 404, "UNKNOWN_PATH", None),
        ("POST", "/configurator/v1/configs", 404, "UNKNOWN_PATH", None),
        ("GET", TRIGGER, 405, "METHOD_NOT_ALLOWED", "POST, OPTIONS"),
        ("DELETE", LIST, 405, "METHOD_NOT_ALLOWED", "GET, HEAD, POST, OPTIONS"),
        ("GET", "/configurator/v1/config", 405, "METHOD_NOT_ALLOWED", "POST, OPTIONS"),
        ("POST", "/health", 405, "METHOD_NOT_ALLOWED", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_request_that_is_no_call_is_answered_with_what_was_asked_and_the_way_out(
    victim: Tenant, method: str, path: str, status: int, reason: str, allow: str | None
) -> None:
    answer, body = await asked(victim, method, path, b"{}" if method == "POST" else b"", **JSON)

    assert (answer.status, answer.content_type, answer.headers.get("allow")) == (status, "application/json", allow)
    assert reason_of(body) == reason
    assert path.removeprefix("/") in json.loads(body)["message"]


async def test_the_nearest_name_is_told(victim: Tenant) -> None:
    _, rpc = await asked(victim, "POST", "/configurator.v1.Configurator/getconfiguratoin", b"{}", **JSON)
    _, rest = await asked(victim, "POST", "/configurator/v1/configs", b"{}", **JSON)

    assert f"did you mean {SERVICE}/GetConfiguration?" in json.loads(rpc)["message"]
    assert "did you mean /configurator/v1/config?" in json.loads(rest)["message"]
    assert json.loads(rest)["details"][0]["metadata"]["nearest"] == "/configurator/v1/config"


async def test_options_and_head_are_answered_without_a_body(victim: Tenant) -> None:
    options, nothing = await asked(victim, "OPTIONS", LIST)
    bearer = {"authorization": f"Bearer {victim.admin}"}
    head, none = await asked(victim, "HEAD", f"{LIST}?encoding=json&message=%7B%7D", **bearer)

    assert (options.status, options.headers["allow"], nothing) == (204, "GET, HEAD, POST, OPTIONS", b"")
    assert options.headers["accept-post"].startswith("application/json, application/proto")
    assert (head.status, head.content_type, none) == (200, "application/json", b"")


@pytest.mark.parametrize(
    ("path", "given", "accepted"),
    [
        (LIST, "text/plain", "application/json, application/proto"),
        (LIST, "application/grpc", "application/json, application/proto"),
        (SYNC, "application/json", "application/connect+json, application/connect+proto"),
    ],
)
async def test_a_content_type_that_is_not_read_is_refused_with_those_that_are(
    victim: Tenant, path: str, given: str, accepted: str
) -> None:
    answer, body = await asked(victim, "POST", path, b"{}", content_type=given)

    assert (answer.status, reason_of(body)) == (415, "CONTENT_TYPE_UNSUPPORTED")
    assert answer.headers["accept-post"].startswith(accepted)
    assert repr(given) in json.loads(body)["message"]


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"content_encoding": "zstd"}, 501, "COMPRESSION_UNKNOWN"),
        ({"connect_protocol_version": "2"}, 400, "MALFORMED_REQUEST"),
        ({"connect_timeout_ms": "soon"}, 400, "MALFORMED_REQUEST"),
    ],
)
async def test_what_the_library_refuses_has_its_reason(
    victim: Tenant, headers: dict[str, str], status: int, reason: str
) -> None:
    answer, body = await asked(victim, "POST", LIST, b"{}", **JSON, **headers, **bearer_of(victim))

    assert (answer.status, reason_of(body)) == (status, reason)


async def test_a_get_in_an_unknown_encoding_is_refused_in_json(victim: Tenant) -> None:
    answer, body = await asked(victim, "GET", f"{LIST}?encoding=xml&message=x")

    assert (answer.status, reason_of(body)) == (415, "CONTENT_TYPE_UNSUPPORTED")


@pytest.mark.parametrize("compressed", [False, True], ids=["read here", "read by the library"])
async def test_a_deadline_that_passes_has_its_reason(victim: Tenant, compressed: bool) -> None:
    await victim.put()
    await victim.noticed()
    known = await victim.call(configurations.GetConfigurationRequest(workspace_id=victim.id))
    hanging = json_format.MessageToJson(configurations.GetConfigurationRequest(since_revision=known.revision)).encode()
    hanging = hanging.replace(b"{", b'{"wait": "20s", ', 1)

    how = {"content_encoding": "gzip"} if compressed else {}

    answer, body = await asked(
        victim,
        "POST",
        f"/{SERVICE}/GetConfiguration",
        _gzipped(hanging) if compressed else hanging,
        **JSON,
        **how,
        **bearer_of(victim),
        connect_timeout_ms="100",
    )

    assert (answer.status, reason_of(body)) == (504, "DEADLINE_EXCEEDED")


@pytest.mark.parametrize("offer", ["identity", "gzip, br, zstd"])
async def test_streams_and_grpc_web_carry_the_details_as_well_whatever_the_caller_could_unpack(
    victim: Tenant, offer: str
) -> None:
    streamed = {"content_type": "application/connect+json", "connect_content_encoding": "zstd"}
    _, stream = await asked(victim, "POST", SYNC, b"", **streamed, connect_accept_encoding=offer)
    framed = {"content_type": "application/grpc-web+proto", "grpc_encoding": "zstd"}
    _, web = await asked(victim, "POST", LIST, b"", **framed, grpc_accept_encoding=offer)

    assert stream[0] == END_OF_STREAM
    assert reason_of(json.dumps(json.loads(stream[5:])["error"]).encode()) == "COMPRESSION_UNKNOWN"
    assert b"grpc-status: 12" in web
    assert b"grpc-status-details-bin: " in web


@pytest.mark.parametrize(
    "body",
    [b"", b"\0\0\0\0\2{}\0\0\0\0\2{}", b"\1\0\0\0\2{}", b"\0\0\0\0\2[]", b"\0\0\0\0\x09{}"],
    ids=["no message", "two messages", "compressed unannounced", "no object", "cut off"],
)
async def test_a_stream_that_is_asked_for_in_a_broken_envelope_is_refused_as_malformed(
    victim: Tenant, body: bytes
) -> None:
    answer, stream = await asked(
        victim, "POST", SYNC, body, content_type="application/connect+json", **bearer_of(victim)
    )

    assert (answer.status, stream[0]) == (200, END_OF_STREAM)
    refused = json.loads(stream[5:])["error"]
    assert refused["code"] == "invalid_argument"
    assert reason_of(json.dumps(refused).encode()) == "MALFORMED_REQUEST"


async def test_a_compressed_request_that_unpacks_to_too_much_is_refused_for_its_size(victim: Tenant) -> None:
    body = _gzipped(b" " * (6 << 20))
    answer, told = await asked(victim, "POST", LIST, body, **JSON, **bearer_of(victim), content_encoding="gzip")

    assert (answer.status, reason_of(told)) == (400, "REQUEST_TOO_LARGE")


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
async def test_grpc_names_an_rpc_that_there_is_not_and_the_nearest(victim: Tenant, kind: str) -> None:
    async with grpc.aio.insecure_channel(victim.running.grpc) as channel:
        call = getattr(channel, kind)(f"/{SERVICE}/TriggerUpdat")
        answered = call(iter([b""]) if kind.startswith("stream") else b"", timeout=60)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await (answered.read() if kind.endswith("stream") else answered)

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert f"did you mean {SERVICE}/TriggerUpdate?" in (refused.value.details() or "")
    trailers = dict(refused.value.trailing_metadata() or ())
    assert b"UNKNOWN_RPC" in status_pb2.Status.FromString(trailers[DETAILS]).details[0].value


async def test_an_agent_at_the_wrong_port_is_told_which_one_it_is(victim: Tenant) -> None:
    for wire, words in (
        (ConnectWire(f"http://{victim.running.grpc}"), "is that the gRPC port (12580)?"),
        (GrpcWire(victim.running.url), "is that the HTTP port (12581)?"),
    ):
        assert words in await _unreachable(wire)


async def _unreachable(wire: Wire) -> str:
    """What the agent makes of it."""
    within = timedelta(seconds=60)
    try:
        with pytest.raises(WireFailure) as failed:
            await wire.call(
                Procedure.GET_CONFIGURATION, configurations.GetConfigurationRequest(), token=None, within=within
            )
    finally:
        await wire.close()
    return str(error_of(failed.value))


async def test_the_command_line_at_the_grpc_port_says_so(victim: Tenant) -> None:
    client = Client(Product(f"http://{victim.running.grpc}", "ak-x"))
    request = configurations.ListConfigurationsRequest()

    with pytest.raises(Unreachable, match=r"is that the gRPC port \(12580\)\? Name the HTTP port"):
        await asyncio.to_thread(client.call, client.configurator.list_configurations, request)


def bearer_of(tenant: Tenant) -> dict[str, str]:
    return {"authorization": f"Bearer {tenant.admin}"}


def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content)
