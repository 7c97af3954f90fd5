"""One HTTP/1.1 call over a Unix socket: a connection of its own, answered whole. All that Envoy's admin needs, without
the tenth of a second that loading a whole client takes at every start."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

_END_OF_HEAD = b"\r\n\r\n"


class NotHttp(Exception):
    """What came back is no whole answer."""


async def call(socket: Path, method: str, target: str) -> tuple[int, bytes]:
    """Status and body of `method` on `target`, a path with its query, as it goes over the wire.

    Raises OSError when nobody listens or the connection breaks, NotHttp."""
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        head = (f"{method} {target} HTTP/1.1", "Host: envoy", "Connection: close", "Content-Length: 0")
        writer.write("\r\n".join(head).encode("ascii") + _END_OF_HEAD)
        return parse_answer(await reader.read())
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def parse_answer(data: bytes) -> tuple[int, bytes]:
    """Status and body of all that came until the end of the connection. Raises NotHttp."""
    head, found, body = data.partition(_END_OF_HEAD)
    first, *lines = head.split(b"\r\n")
    words = first.split(maxsplit=2)
    if not found or len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise NotHttp("no HTTP answer")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        return int(words[1]), _joined(body)
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > len(body):
        raise NotHttp("the answer ends early")
    return int(words[1]), body


def _joined(body: bytes) -> bytes:
    """The content of a chunked body."""
    parts: list[bytes] = []
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        try:
            size = int(body[at:end].partition(b";")[0], 16) if end >= 0 else -1
        except ValueError:
            size = -1
        begin = end + 2
        if size == 0:
            return b"".join(parts)
        at = begin + size + 2
        if size < 0 or at > len(body):
            raise NotHttp("the answer ends early")
        parts.append(body[begin : begin + size])
