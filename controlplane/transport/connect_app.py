"""Connect and gRPC-Web: the library speaks the protocols, the seam gets the bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from google.rpc import code_pb2
from protobuf.wkt.google.protobuf.any_pb import Any as AnyDetail

from controlplane.transport.calls import Answer
from controlplane.transport.decoding import encode_json
from controlplane.transport.errors import WireError
from controlplane.transport.operations import Operation
from controlplane.transport.seam import Incoming, Seam

READ_BYTES = 5 * 1024 * 1024  # after decompression; the seam refuses what is over its limit in our own words
NOT_COMPRESSED = (b"accept-encoding", b"connect-accept-encoding", b"grpc-accept-encoding")


class RawCodec:
    """Leaves requests as bytes for the seam to decode, and writes answers in its own format."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._json = name == "json"

    def name(self) -> str:
        """`proto` or `json`, as in the content type."""
        return self._name

    def encode(self, answer: Answer) -> bytes:
        """Its bytes."""
        return encode_json(answer) if self._json else answer.SerializeToString()

    def decode(self, data: bytes | bytearray, message_class: type[Any]) -> Incoming:
        """Nothing yet: what is wrong with the bytes is said by the seam, in our words."""
        return Incoming(data, self._json)


class ConnectApp(ConnectASGIApplication[None]):
    """All services under their own paths. Requests may be compressed; answers are not, most are a few bytes."""

    def __init__(self, seam: Seam, operations: Mapping[str, Operation]) -> None:
        endpoints: dict[str, Any] = {path: _endpoint(seam, operation) for path, operation in operations.items()}
        super().__init__(
            service=None,
            endpoints=lambda _service: endpoints,
            read_max_bytes=READ_BYTES,
            codecs=[RawCodec("proto"), RawCodec("json")],
            compressions=None,
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Without the caller's offers to compress, or two bytes of answer would become twenty-two."""
        if scope["type"] == "http":
            headers = [header for header in scope["headers"] if header[0] not in NOT_COMPRESSED]
            scope = {**scope, "headers": headers}
        await super().__call__(scope, receive, send)

    @property
    def path(self) -> str:
        """Mounted at the root: paths are `/package.Service/Method`."""
        return ""


def connect_error(error: WireError) -> ConnectError:
    """The same error on this wire."""
    code = Code[{code_pb2.CANCELLED: "CANCELED"}.get(error.code, error.code_name)]
    details = [AnyDetail(type_url=item.type_url, value=item.value) for item in error.status().details]
    return ConnectError(code, error.message, details)


def _endpoint(seam: Seam, operation: Operation) -> Endpoint[Any, Any]:
    method: MethodInfo[Any, Any] = MethodInfo(
        name=operation.name,
        service_name=operation.service,
        input=operation.request,
        output=operation.response,
        idempotency_level=IdempotencyLevel.NO_SIDE_EFFECTS if operation.safe else IdempotencyLevel.UNKNOWN,
        stream_type=StreamType.SERVER_STREAM if operation.streams else StreamType.UNARY,
    )
    if operation.streams:
        return Endpoint.server_stream(method, _stream(seam, operation))
    return Endpoint.unary(method, _unary(seam, operation))


def _unary(seam: Seam, operation: Operation) -> Callable[[Any, RequestContext[Any, Any]], Awaitable[Any]]:
    async def serve(incoming: Incoming, context: RequestContext[Any, Any]) -> Answer:
        authorization = context.request_headers.get("authorization", "")
        try:
            return await seam.call(operation, incoming, authorization, "connect", context.client_address or "")
        except WireError as error:
            raise connect_error(error) from None

    return serve


def _stream(seam: Seam, operation: Operation) -> Callable[[Any, RequestContext[Any, Any]], AsyncIterator[Any]]:
    """A caller that goes away cancels this task, and with it the work."""

    async def serve(incoming: Incoming, context: RequestContext[Any, Any]) -> AsyncIterator[Any]:
        authorization = context.request_headers.get("authorization", "")
        try:
            peer = context.client_address or ""
            async with aclosing(seam.stream(operation, incoming, authorization, "connect", peer)) as answers:
                async for answer in answers:
                    yield answer
        except WireError as error:
            raise connect_error(error) from None

    return serve
