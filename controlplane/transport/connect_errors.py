"""Connect's errors: ours in its JSON, and the library's own with the google.rpc details that they lack."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from google.rpc import code_pb2

from controlplane.transport.asgi import Event, Send
from controlplane.transport.errors import HTTP_STATUS, WireError, encoding_unknown, of_library

JSON: Final = b"application/json"
SPELLED: Final = {code_pb2.CANCELLED: "canceled"}
CODES: Final = {SPELLED.get(code, name.lower()): code for name, code in code_pb2.Code.items()}
END_OF_STREAM, TRAILERS = 0x02, 0x80  # the flag of the last envelope: Connect's, gRPC-Web's
ENVELOPE: Final = 5  # a flag and four bytes of length
DETAILS: Final = b"grpc-status-details-bin"
HEADERS_OF_A_BODY: Final = (b"content-type", b"content-length")


def said(error: WireError) -> dict[str, Any]:
    """As JSON has it."""
    details = [
        {"type": detail.type_url.rpartition("/")[2], "value": base64.b64encode(detail.value).decode().rstrip("=")}
        for detail in error.status().details
    ]
    code = SPELLED.get(error.code, error.code_name.lower())
    return {"code": code, "message": error.message, **({"details": details} if details else {})}


def refusal(error: WireError) -> tuple[int, bytes]:
    """HTTP status and body of a unary answer."""
    return HTTP_STATUS.get(error.code, 500), json.dumps(said(error), ensure_ascii=False).encode()


class Detailed:
    """An ASGI `send` of one request through which the library's refusals leave as ours do; all else as it is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: Event | None = None

    async def __call__(self, event: Event) -> None:
        """One event of the answer."""
        if event["type"] == "http.response.start":
            if event["status"] >= 400:
                self._held = event  # what it says is in the body
                return
            await self._send({**event, "headers": _trailers_only(event["headers"])})
        elif self._held is not None:
            await self._refuse(self._held, event["body"])
        else:
            await self._send({**event, "body": _last_envelope(event["body"])})

    async def _refuse(self, start: Event, body: bytes) -> None:
        """The library sends a refusal in one piece; an empty one says that it cannot read that encoding."""
        told = json.loads(body) if body else {}
        status = start["status"]
        if not told:
            _, body = refusal(encoding_unknown())
        elif not told.get("details"):
            status, body = refusal(_of(told))
        kept = [header for header in start["headers"] if header[0].lower() not in HEADERS_OF_A_BODY]
        headers = [*kept, (b"content-type", JSON), (b"content-length", b"%d" % len(body))]
        await self._send({**start, "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _of(told: Mapping[str, Any]) -> WireError:
    return of_library(CODES.get(str(told.get("code")), code_pb2.UNKNOWN), str(told.get("message", "")))


def _last_envelope(body: bytes) -> bytes:
    """The body event of a stream is one envelope each, never compressed: the library hears of no offer to."""
    flag = body[0] if body else 0
    if flag == END_OF_STREAM:
        told = json.loads(body[ENVELOPE:])
        if told.get("error") and not told["error"].get("details"):
            told["error"] = said(_of(told["error"]))
            return _enveloped(flag, json.dumps(told, ensure_ascii=False).encode())
    if flag == TRAILERS:
        lines = [line.partition(b":") for line in body[ENVELOPE:].split(b"\r\n") if line]
        trailers = [(name.strip().lower(), value.strip()) for name, _, value in lines]
        detailed = _trailers_only(trailers)
        if detailed is not trailers:
            return _enveloped(flag, b"".join(b"%s: %s\r\n" % pair for pair in detailed))
    return body


def _trailers_only(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """gRPC-Web's status among headers or trailers, with its details; the same list where there is nothing to add."""
    named = dict(headers)
    status = named.get(b"grpc-status", b"0")
    if status == b"0" or DETAILS in named:
        return headers
    error = of_library(int(status), unquote(named.get(b"grpc-message", b"").decode("latin-1")))
    kept = [header for header in headers if header[0] not in (b"grpc-status", b"grpc-message")]
    details = base64.b64encode(error.status().SerializeToString()).rstrip(b"=")
    message = quote(error.message, safe=" !#$&'()*+,/:;=?@[]~").encode()
    return [*kept, (b"grpc-status", b"%d" % error.code), (b"grpc-message", message), (DETAILS, details)]


def _enveloped(flag: int, content: bytes) -> bytes:
    return bytes([flag]) + len(content).to_bytes(4, "big") + content
