"""Connect's commonest call without the library: a POST of one message that is not compressed.

Agents ask and hang this way, very many at once: a poll under way keeps one task and a few frames. Whatever is asked in
another way (GET, streams, gRPC-Web, compressed) goes on to the library.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from controlplane.domain.errors import Unavailable
from controlplane.transport.asgi import App, Receive, Send
from controlplane.transport.calls import Answer
from controlplane.transport.connect_errors import refusal
from controlplane.transport.decoding import encode_json
from controlplane.transport.errors import REQUEST_BYTES, WireError, hung_up, too_large, too_late, wire_error
from controlplane.transport.http_protocol import CONNECTION, Connection
from controlplane.transport.operations import Operation
from controlplane.transport.seam import Incoming, Seam

PROTO, JSON = b"application/proto", b"application/json"
TIMEOUT_DIGITS = 10
HUNG_UP, TOO_LATE = hung_up(), too_late()
ENDING = wire_error(Unavailable("this control plane is ending and did not wait for the call: send it again"))


@dataclass(frozen=True, slots=True)
class _Call:
    """What the head says. `seconds`: until the caller's deadline; None: it has none."""

    operation: Operation
    json: bool
    authorization: str
    seconds: float | None


class ConnectUnary:
    """Stands before `rest`, which gets every other request."""

    def __init__(self, seam: Seam, operations: Mapping[str, Operation], rest: App) -> None:
        self._seam = seam
        self._operations = {path: each for path, each in operations.items() if not each.streams}
        self._rest = rest

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """ASGI."""
        operation = self._operations.get(scope["path"]) if scope["type"] == "http" else None
        call = _plain(operation, scope["headers"]) if operation and scope["method"] == "POST" else None
        if call is None:
            await self._rest(scope, receive, send)
            return
        client = scope["client"]
        connection: Connection = scope["extensions"][CONNECTION]
        watch = _Watch(connection, call.seconds)
        try:
            incoming = Incoming(await _body(receive), call.json)
            watch.begin()
            peer = f"{client[0]}:{client[1]}" if client else ""
            answer = await self._seam.call(call.operation, incoming, call.authorization, "connect", peer)
            status, kind, body = 200, JSON if call.json else PROTO, _encoded(answer, call.json)
        except WireError as error:
            status, kind, body = _refusal(error)
        except asyncio.CancelledError:  # by the server, unless somebody here ended it: the drain took too long
            status, kind, body = _refusal(watch.ended or ENDING)
        finally:
            watch.close()
        await connection.answer(status, kind, body)


class _Watch:
    """Ends the work of the task that made it when nobody waits for it any more, and tells why (`ended`)."""

    __slots__ = ("_connection", "_deadline", "_work", "ended")

    def __init__(self, connection: Connection, seconds: float | None) -> None:
        self._connection = connection
        self._work = asyncio.current_task()
        self._deadline = None
        if seconds is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, self._end, TOO_LATE)
        self.ended: WireError | None = None

    def begin(self) -> None:
        """The body is here: from now on the caller can only hang up."""
        self._connection.on_hang_up = self._hung_up

    def close(self) -> None:
        """The work is over."""
        self._connection.on_hang_up = None
        if self._deadline is not None:
            self._deadline.cancel()

    def _hung_up(self) -> None:
        self._end(HUNG_UP)

    def _end(self, why: WireError) -> None:
        if self.ended is None and self._work is not None:
            self.ended = why
            self._work.cancel()


def _plain(operation: Operation, headers: list[tuple[bytes, bytes]]) -> _Call | None:
    """None for what the library is to read, and to refuse when it is wrong."""
    content_type, authorization, timeout = b"", b"", b""
    for name, value in headers:
        if name == b"content-type":
            content_type = value
        elif name == b"authorization":
            authorization = authorization or value
        elif name == b"connect-timeout-ms":
            timeout = value
        elif (name == b"content-encoding" and value != b"identity") or (
            name == b"connect-protocol-version" and value != b"1"
        ):
            return None
    if content_type not in (PROTO, JSON) or (timeout and not (timeout.isdigit() and len(timeout) <= TIMEOUT_DIGITS)):
        return None
    seconds = int(timeout) / 1000 if timeout else None
    return _Call(operation, content_type == JSON, authorization.decode("latin-1"), seconds)


async def _body(receive: Receive) -> bytes:
    """Raises WireError for one over the limit, and when the caller hangs up in the middle of it."""
    body: bytes = b""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise replace(HUNG_UP)
        body += event["body"]
        if len(body) > REQUEST_BYTES:
            raise too_large(REQUEST_BYTES)
        if not event["more_body"]:
            return body


def _encoded(answer: Answer, json_: bool) -> bytes:
    return encode_json(answer) if json_ else answer.SerializeToString()


def _refusal(error: WireError) -> tuple[int, bytes, bytes]:
    """Status, content type and body as Connect has them."""
    status, body = refusal(error)
    return status, JSON, body
