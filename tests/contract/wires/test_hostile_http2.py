"""Frames of HTTP/2 that no honest client sends: calls begun and reset without end, and headers without end."""

from __future__ import annotations

import asyncio
import contextlib
import struct

from agentrouter.management.v1 import workspaces_pb2 as workspaces
from tests.contract.wires.people import Tenant

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, HEADERS, RST_STREAM, CONTINUATION = 4, 1, 3, 9
END_STREAM, END_HEADERS = 1, 4
CANCEL = struct.pack(">I", 8)
HEADER_BYTES = 8 << 20
METHOD = "/agentrouter.configurator.v1.ConfiguratorService/GetConfiguration"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """RFC 9113, section 4.1."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def header(name: str, value: str) -> bytes:
    """HPACK, literal without indexing; both shorter than 127 bytes."""
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def call_headers() -> bytes:
    fields = {":method": "POST", ":scheme": "http", ":path": METHOD, ":authority": "x"}
    return b"".join(header(*each) for each in {**fields, "content-type": "application/grpc", "te": "trailers"}.items())


async def assert_others_are_served(victim: Tenant) -> None:
    async with asyncio.timeout(60):
        made = await victim.call(workspaces.CreateWorkspaceRequest(name="meanwhile"))
        listed = await victim.call(workspaces.ListWorkspacesRequest())
    assert made.workspace.id in {each.id for each in listed.workspaces}


async def until_closed(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        while await reader.read(65_536):
            pass


async def hang_up(writer: asyncio.StreamWriter, reading: asyncio.Task[None]) -> None:
    writer.transport.abort()
    await reading
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_calls_that_are_begun_and_reset_by_the_thousand_hold_up_nobody(victim: Tenant) -> None:
    host, port = victim.running.grpc.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    reading = asyncio.create_task(until_closed(reader))
    writer.write(PREFACE + frame(SETTINGS, 0, 0))
    begun = call_headers()
    with contextlib.suppress(OSError):  # a server may well hang up on such a client
        for stream in range(1, 20_001, 2):
            writer.write(frame(HEADERS, END_HEADERS, stream, begun) + frame(RST_STREAM, 0, stream, CANCEL))
            if stream % 200 == 1:
                await writer.drain()

    await assert_others_are_served(victim)
    await hang_up(writer, reading)


async def test_headers_that_never_end_hold_up_nobody(victim: Tenant) -> None:
    host, port = victim.running.grpc.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    reading = asyncio.create_task(until_closed(reader))
    writer.write(PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_STREAM, 1, call_headers()))
    more = frame(CONTINUATION, 0, 1, b"".join(header(f"x-{number}", "y" * 100) for number in range(100)))
    with contextlib.suppress(OSError):  # a server may well hang up on such a client
        for _ in range(HEADER_BYTES // len(more)):
            writer.write(more)
            await asyncio.wait_for(writer.drain(), 60)

    await assert_others_are_served(victim)
    await hang_up(writer, reading)
