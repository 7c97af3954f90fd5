"""HTTP/1.1 at the least cost to the client, so that the server is what is timed: one connection, one call at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """`at` is when its last byte was here, in seconds of time.perf_counter."""

    status: int
    body: bytes
    at: float


class Connection(asyncio.Protocol):
    """Gives every answer to `on_answer` and a lost connection to `on_loss`."""

    def __init__(self, on_answer: Callable[[Answer], None], on_loss: Callable[[], None]) -> None:
        self._on_answer = on_answer
        self._on_loss = on_loss
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        at = time.perf_counter()
        self._received += data
        if (answer := read_answer(self._received, at)) is not None:
            self._received.clear()
            self._on_answer(answer)

    def connection_lost(self, _error: Exception | None) -> None:
        """asyncio's."""
        self._transport = None
        self._on_loss()

    def send(self, request: bytes) -> None:
        """A whole request. Raises ConnectionError when the connection is gone."""
        if self._transport is None:
            raise ConnectionError("the connection is closed")
        self._transport.write(request)

    def close(self) -> None:
        """Without `on_loss`."""
        self._on_loss = lambda: None
        if self._transport is not None:
            self._transport.close()


class Caller:
    """Calls one after the other over one connection, each awaited."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = Connection(self._answered, self._lost)
        self._waiting: asyncio.Future[Answer] | None = None

    async def open(self) -> Caller:
        """Connect to 127.0.0.1. Raises OSError."""
        await asyncio.get_running_loop().create_connection(lambda: self._connection, "127.0.0.1", self._port)
        return self

    async def call(self, request: bytes) -> Answer:
        """Raises ConnectionError."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._connection.send(request)
        return await self._waiting

    def close(self) -> None:
        """No calls any more."""
        self._connection.close()

    def _answered(self, answer: Answer) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)

    def _lost(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server closed the connection"))


def request_head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    """Everything before the content length, made once for a connection."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *[f"{name}: {value}" for name, value in headers.items()]]
    return "\r\n".join(lines).encode()


def request(head: bytes, body: bytes = b"") -> bytes:
    """The whole request."""
    return b"%b\r\ncontent-length: %d\r\n\r\n%b" % (head, len(body), body)


def read_answer(received: bytearray, at: float) -> Answer | None:
    """None while it is not whole. An answer has a content length or comes in chunks, as our servers' do."""
    head_end = received.find(HEAD_END)
    if head_end < 0:
        return None
    head = bytes(received[:head_end]).lower()
    status, start = int(head[9:12]), head_end + len(HEAD_END)
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if not found:
        body = _chunks(received[start:])
        return None if body is None else Answer(status, body, at)
    length = int(rest.split(b"\r\n", 1)[0])
    return Answer(status, bytes(received[start : start + length]), at) if len(received) >= start + length else None


def _chunks(data: bytearray) -> bytes | None:
    body = b""
    while (line_end := data.find(b"\r\n")) >= 0:
        size = int(data[:line_end].split(b";")[0], 16)
        if len(data) < line_end + 2 + size + 2:
            return None
        if not size:
            return body
        body += data[line_end + 2 : line_end + 2 + size]
        data = data[line_end + 2 + size + 2 :]
    return None
