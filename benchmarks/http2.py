"""Just enough HTTP/2 for one gRPC call a connection at the least cost to the client; answers' headers are not read."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable, Iterator
from typing import Final, cast

from benchmarks.load import grpc_frame

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
STREAM: Final = 1
WINDOW: Final = 2**30

_FRAME_HEAD: Final = 9
_GRPC_HEAD: Final = 5


class GrpcCall(asyncio.Protocol):
    """Sends one message when connected; each answering message goes to `on_message` with the time it was here.

    `open_ended`: the request stream stays open, as that of a watch.
    """

    def __init__(
        self,
        path: str,
        message: bytes,
        on_message: Callable[[bytes, float], None],
        on_loss: Callable[[], None],
        *,
        open_ended: bool = False,
    ) -> None:
        self._opening = opening(path, message, open_ended=open_ended)
        self._on_message = on_message
        self._on_loss = on_loss
        self._received = bytearray()
        self._messages = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._opening)

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        at = time.perf_counter()
        self._received += data
        for kind, flags, payload in frames(self._received):
            self._take(kind, flags, payload, at)

    def connection_lost(self, _error: Exception | None) -> None:
        """asyncio's."""
        self._on_loss()

    def close(self) -> None:
        """Without `on_loss`."""
        self._on_loss = lambda: None
        if self._transport is not None:
            self._transport.close()

    def _take(self, kind: int, flags: int, payload: bytes, at: float) -> None:
        if kind == DATA:
            self._messages += payload
            for message in grpc_messages(self._messages):
                self._on_message(message, at)
        elif kind in (SETTINGS, PING) and not flags & ACK and self._transport is not None:
            self._transport.write(frame(kind, ACK, 0, payload if kind == PING else b""))
        elif kind in (RST_STREAM, GOAWAY):
            self._on_loss()


def opening(path: str, message: bytes, *, open_ended: bool) -> bytes:
    """Preface, settings, a window that is never used up, and the request."""
    settings = frame(SETTINGS, 0, 0, struct.pack(">HI", 4, WINDOW))
    window = frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW))
    head = frame(HEADERS, END_HEADERS, STREAM, request_headers(path))
    body = frame(DATA, 0 if open_ended else END_STREAM, STREAM, grpc_frame(message))
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + window + head + body


def request_headers(path: str) -> bytes:
    """HPACK without compression: names from the static table where it has them, values in plain."""
    method_post, scheme_http = b"\x83", b"\x86"
    named = b"\x04" + _text(path) + b"\x01" + _text("127.0.0.1")
    content_type = b"\x0f\x10" + _text("application/grpc")
    return method_post + scheme_http + named + content_type + b"\x00" + _text("te") + _text("trailers")


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One HTTP/2 frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def frames(received: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Kind, flags and payload of every whole frame, which is taken away; answers here are never padded."""
    while len(received) >= _FRAME_HEAD:
        end = _FRAME_HEAD + int.from_bytes(received[:3], "big")
        if len(received) < end:
            return
        found = received[3], received[4], bytes(received[_FRAME_HEAD:end])
        del received[:end]
        yield found


def grpc_messages(received: bytearray) -> Iterator[bytes]:
    """Every whole message, which is taken away."""
    while len(received) >= _GRPC_HEAD:
        end = _GRPC_HEAD + int.from_bytes(received[1:_GRPC_HEAD], "big")
        if len(received) < end:
            return
        message = bytes(received[_GRPC_HEAD:end])
        del received[:end]
        yield message


def _text(value: str) -> bytes:
    encoded = value.encode()
    if len(encoded) > 126:
        raise ValueError("headers here are short")
    return bytes([len(encoded)]) + encoded
