"""What nobody should send: broken, huge, deep, endless. It is refused in words of ours, and others are served."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from functools import cache

import pytest

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from tests.contract.wires.people import Tenant
from tests.contract.wires.procedures import procedure_of, procedures
from tests.contract.wires.raw_bytes import over_grpc, over_http
from tests.contract.wires.refusals import Refused
from tests.contract.wires.running import Running

POLL = procedure_of(configurations.GetConfigurationRequest).path
FULL_SYNC = procedure_of(slots.FullSyncWorkspaceRequest).path
PUT = procedure_of(documents.PutDocumentRequest).path
MEBIBYTE = 1024 * 1024
REFUSED = {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"}


async def assert_others_are_served(victim: Tenant) -> None:
    """A plain call goes through."""
    assert (await victim.call(workspaces.GetWorkspaceRequest(workspace_id=victim.id))).workspace.id == victim.id


@cache
def bombs() -> tuple[bytes, bytes]:
    """Half a gibibyte in one coat of gzip, and less in two."""
    return gzip.compress(bytes(512 * MEBIBYTE), compresslevel=9), gzip.compress(gzip.compress(bytes(64 * MEBIBYTE)))


async def test_bytes_that_are_no_message_are_refused_on_every_rpc(victim: Tenant) -> None:
    running, key = victim.running, victim.admin
    table = running.plane.operations
    for procedure in procedures():
        if table[procedure.path].handler is not None:
            for garbage in (b"\xff\xff\xff\xff", b"\x0a\xff\xff\xff\xff\x0f"):
                for sent in (
                    over_grpc(running, procedure.path, garbage, key),
                    over_http(running, procedure.path, garbage, key),
                    over_http(running, procedure.path, garbage, key, kind="json"),
                ):
                    assert await sent == ("INVALID_ARGUMENT", "MALFORMED_REQUEST"), procedure.path


async def test_a_text_that_is_not_utf8_is_refused(victim: Tenant) -> None:
    for sent in (over_grpc, over_http):
        assert await sent(victim.running, POLL, b"\x0a\x02\xc3\x28", victim.admin) == (
            "INVALID_ARGUMENT",
            "MALFORMED_REQUEST",
        )


async def test_values_that_no_enum_has_are_refused_by_name(victim: Tenant) -> None:
    path = procedure_of(management_keys.CreateManagementKeyRequest).path
    binary = b"\x0a\x01k\x10\x63"

    assert await over_grpc(victim.running, path, binary, victim.admin) == ("INVALID_ARGUMENT", "INVALID_INPUT")
    for body in (b'{"name": "k", "role": 99}', b'{"name": "k", "role": "ROLE_EMPEROR"}'):
        code, _ = await over_http(victim.running, path, body, victim.admin, kind="json")
        assert code == "INVALID_ARGUMENT"


async def test_requests_over_the_limit_are_refused_on_every_wire(victim: Tenant) -> None:
    ours = ("INVALID_ARGUMENT", "REQUEST_TOO_LARGE")
    a_librarys = ("RESOURCE_EXHAUSTED", "")  # which refuses before it has read all
    for size, expected in ((4 * MEBIBYTE + 100, {ours}), (6 * MEBIBYTE, {ours, a_librarys})):
        content = "x" * size
        message = b"\x1a" + _varint(size) + content.encode()
        running, key = victim.running, victim.admin
        assert await over_grpc(running, PUT, message, key) in expected
        assert await over_http(running, PUT, message, key) in expected
        body = json.dumps({"content": content}).encode()
        assert await over_http(running, PUT, body, key, kind="json") in expected
    await assert_others_are_served(victim)


async def test_what_anybody_may_send_without_a_credential_is_small(control_plane: Running) -> None:
    path = procedure_of(dataplanes.EnrollDataplaneRequest).path
    body = b"\x0a" + _varint(100_000) + b"x" * 100_000

    assert await over_grpc(control_plane, path, body) == ("INVALID_ARGUMENT", "REQUEST_TOO_LARGE")
    assert await over_http(control_plane, path, body) == ("INVALID_ARGUMENT", "REQUEST_TOO_LARGE")


async def test_json_nested_without_end_is_refused(victim: Tenant) -> None:
    for depth in (60, 2_000, 1_000_000):
        body = b'{"metadata": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
        path = procedure_of(configurations.TriggerUpdateRequest).path
        code, _ = await over_http(victim.running, path, body[: 4 * MEBIBYTE], victim.admin, kind="json")
        assert code == "INVALID_ARGUMENT", depth
    lists = b'{"metadata": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    assert (await over_http(victim.running, path, lists, victim.admin, kind="json"))[0] == "INVALID_ARGUMENT"


async def test_a_document_nested_without_end_is_refused_like_any_faulty_one(victim: Tenant) -> None:
    for content in ("[" * 100_000, "{a: " * 5_000, "- " * 100_000, '{"a":' * 100_000):
        request = documents.PutDocumentRequest(workspace_id=victim.id, content=content)
        with pytest.raises(Refused) as refused:
            await victim.call(request)
        assert refused.value.code == "INVALID_ARGUMENT"


async def test_a_million_queries_are_refused_and_others_are_served_meanwhile(victim: Tenant) -> None:
    binary = b"\x12\x02\x10\x01" * 1_000_000
    as_json = b'{"queries":[' + b",".join([b"{}"] * 1_000_000) + b"]}"
    running, key = victim.running, victim.admin

    attack = asyncio.gather(
        over_grpc(running, POLL, binary, key),
        over_http(running, POLL, binary, key),
        over_http(running, POLL, as_json, key, kind="json"),
    )
    await assert_others_are_served(victim)

    assert set(await attack) == {("INVALID_ARGUMENT", "INVALID_INPUT")}
    one_too_many = b"\x12\x00" * 10_001
    assert await over_grpc(running, POLL, one_too_many, key) == ("INVALID_ARGUMENT", "INVALID_INPUT")
    assert await over_grpc(running, POLL, b"\x12\x00" * 10_000, key) == ("OK", "")


async def test_a_gzip_bomb_is_refused_where_it_passes_the_limit(victim: Tenant) -> None:
    bomb, nested = bombs()
    running, key = victim.running, victim.admin
    encoding = {"content-encoding": "gzip"}

    assert (await over_http(running, PUT, bomb, key, **encoding))[0] == "INVALID_ARGUMENT"
    assert (await over_http(running, PUT, nested, key, **encoding))[0] in REFUSED
    await assert_others_are_served(victim)


async def test_what_is_not_compressed_as_it_says_is_refused(victim: Tenant) -> None:
    for body, encoding in ((b"not gzip", "gzip"), (zlib.compress(b"{}"), "gzip"), (gzip.compress(b"{}")[:-4], "gzip")):
        code, _ = await over_http(victim.running, POLL, body, victim.admin, **{"content-encoding": encoding})
        assert code == "INVALID_ARGUMENT"
    code, _ = await over_http(victim.running, POLL, b"x", victim.admin, **{"content-encoding": "br"})
    assert code == "UNIMPLEMENTED"


async def test_a_half_sent_request_holds_up_nobody(victim: Tenant) -> None:
    host, port = victim.running.url.removeprefix("http://").split(":")
    writers = []
    for _ in range(50):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST {POLL} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{".encode())
        writers.append(writer)

    await assert_others_are_served(victim)

    for writer in writers:
        writer.close()


async def test_callers_that_never_read_their_answers_hold_up_nobody(victim: Tenant) -> None:
    for number in range(3):
        content = json.dumps(
            {
                "version": "consumer/v1",
                "consumer_id": f"user-{number}",
                "models": [f"model-{place:06}-{'x' * 150}" for place in range(6000)],
            }
        )
        await victim.call(
            documents.PutDocumentRequest(workspace_id=victim.id, user_id=f"user-{number}", content=content)
        )
    host, port = victim.running.url.removeprefix("http://").split(":")
    writers = []
    for _ in range(30):  # more than the database has connections
        _, writer = await asyncio.open_connection(host, int(port), limit=1)
        head = f"POST {POLL} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {victim.admin}\r\n"
        writer.write(f"{head}content-type: application/proto\r\ncontent-length: 0\r\n\r\n".encode())
        writers.append(writer)

    await assert_others_are_served(victim)
    made = await victim.call(workspaces.CreateWorkspaceRequest(name="meanwhile"))

    assert made.workspace.id
    for writer in writers:
        writer.transport.abort()


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


@pytest.mark.parametrize("path", [POLL, FULL_SYNC, "/configurator/v1/config"])
async def test_a_caller_that_hangs_up_within_its_request_leaves_no_error_in_the_log(victim: Tenant, path: str) -> None:
    host, port = victim.running.url.removeprefix("http://").split(":")
    before = len(victim.running.journal.lines)
    reader, writer = await asyncio.open_connection(host, int(port))
    kind = "application/connect+json" if path == FULL_SYNC else "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 100\r\n\r\n"

    writer.write(head.encode() + b"{")
    writer.write_eof()
    await reader.read()
    writer.close()

    await assert_others_are_served(victim)
    assert not [line for line in victim.running.journal.lines[before:] if line.startswith("ERROR")]


async def test_who_would_rather_speak_http2_is_answered_and_nobody_is_warned(victim: Tenant) -> None:
    host, port = victim.running.url.removeprefix("http://").split(":")
    before = len(victim.running.journal.lines)
    reader, writer = await asyncio.open_connection(host, int(port))

    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n")
    answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    warned = [line for line in victim.running.journal.lines[before:] if line.split()[1].startswith("uvicorn")]
    assert warned == []
