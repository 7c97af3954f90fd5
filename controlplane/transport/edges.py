"""The edges of the HTTP port: what is no call of an RPC is answered in JSON, with what was asked and the way out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from controlplane.transport.asgi import App, Receive, Send
from controlplane.transport.connect_errors import Detailed, refusal
from controlplane.transport.errors import (
    WireError,
    content_type_unsupported,
    method_not_allowed,
    unknown_path,
    unknown_rpc,
)
from controlplane.transport.nearest import nearest
from controlplane.transport.operations import Operation

REST = "/configurator/v1/"
WEB = ("application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json")
UNARY = ("application/json", "application/proto", *WEB)
STREAM = ("application/connect+json", "application/connect+proto", *WEB)
Headers = list[tuple[bytes, bytes]]


class Edges:
    """Stands before `library`, which gets the calls that it can read. `others`: paths that are no RPC's, and their
    methods; requests for them come here only with another method."""

    def __init__(self, operations: Mapping[str, Operation], others: Mapping[str, str], library: App) -> None:
        self._operations = operations
        self._others = others
        self._library = library

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """ASGI."""
        operation = self._operations.get(scope["path"])
        allowed = _methods(operation) if operation else self._others.get(scope["path"])
        method = scope["method"]
        if allowed is None:
            await self._not_found(scope["path"], send)
        elif method == "OPTIONS":
            await _answer(send, 204, _allow(allowed, operation), b"")
        elif operation is None or method not in allowed.split(", "):
            error = method_not_allowed(method, scope["path"], allowed)
            await _refuse(send, 405, error, _allow(allowed, operation), rest=scope["path"].startswith(REST))
        elif method == "POST" and (given := _content_type(scope["headers"])) not in _accepted(operation):
            error = content_type_unsupported(given, _accepted(operation))
            await _refuse(send, 415, error, [_accept_post(operation)])
        else:
            asked = {**scope, "method": "GET"} if method == "HEAD" else scope  # the server leaves the body out
            await self._library(asked, receive, Detailed(send))

    async def _not_found(self, path: str, send: Send) -> None:
        """A path with a service in it, as RPCs have, was meant as one."""
        known = nearest(path, (*self._operations, *self._others))
        meant = "." in path.split("/")[1] if path.startswith("/") else False
        error = unknown_rpc(path, known) if meant else unknown_path(path, known, list(self._others))
        await _refuse(send, 404, error, [], rest=path.startswith(REST))


def rest_body(error: WireError) -> bytes:
    """An error as the REST aliases say it."""
    details = [json.loads(json_format.MessageToJson(detail)) for detail in error.status().details]
    told = {"code": error.code_name.lower(), "message": error.message, "details": details}
    return json.dumps(told, ensure_ascii=False).encode()


def _methods(operation: Operation) -> str:
    return "GET, HEAD, POST" if operation.safe and not operation.streams else "POST"


def _accepted(operation: Operation) -> tuple[str, ...]:
    return STREAM if operation.streams else UNARY


def _accept_post(operation: Operation) -> tuple[bytes, bytes]:
    return b"accept-post", ", ".join(_accepted(operation)).encode()


def _allow(allowed: str, operation: Operation | None) -> Headers:
    """With what a POST may bring, where it may bring more than JSON."""
    allow = (b"allow", f"{allowed}, OPTIONS".encode())
    return [allow, _accept_post(operation)] if operation else [allow]


def _content_type(headers: Headers) -> str:
    """Without its parameters."""
    found = next((value for name, value in headers if name == b"content-type"), b"")
    return found.decode("latin-1").partition(";")[0].strip().lower()


async def _refuse(send: Send, status: int, error: WireError, headers: Headers, *, rest: bool = False) -> None:
    body = rest_body(error) if rest else refusal(error)[1]
    await _answer(send, status, [*headers, (b"content-type", b"application/json")], body)


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    length = [] if status == 204 else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body})
