"""gRPC: generic handlers over raw bytes, so that decoding is ours; reflection and health beside them; TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import unquote

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from controlplane.transport.calls import Answer
from controlplane.transport.errors import WireError, unknown_rpc
from controlplane.transport.nearest import nearest
from controlplane.transport.operations import Operation
from controlplane.transport.seam import Incoming, Seam

MEBIBYTE = 1024 * 1024
OPTIONS: tuple[tuple[str, int], ...] = (
    # Without the first two a burst of polls after a restart is partly refused.
    ("grpc.server.max_pending_requests", 1_000_000),
    ("grpc.server.max_pending_requests_hard_limit", 1_000_000),
    ("grpc.max_connection_age_ms", 30 * 60 * 1000),
    ("grpc.max_connection_age_grace_ms", 40 * 1000),  # longer than the longest hanging poll
    ("grpc.keepalive_time_ms", 60 * 1000),
    ("grpc.keepalive_timeout_ms", 20 * 1000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10 * 1000),
    ("grpc.max_receive_message_length", 5 * MEBIBYTE),  # the seam refuses what is over its limit in our own words
    ("grpc.max_send_message_length", 64 * MEBIBYTE),
    ("grpc.so_reuseport", 0),
)
STATUS_TRAILER = "grpc-status-details-bin"
TRAILER_BYTES = 5000  # clients take 8 KiB of headers in all


class GrpcServer:
    """Serves the operations on one address."""

    def __init__(self, seam: Seam, operations: Mapping[str, Operation]) -> None:
        self._server = grpc.aio.server(options=OPTIONS)
        self._health = health.aio.HealthServicer()
        self._services = sorted({operation.service for operation in operations.values()})
        self._server.add_generic_rpc_handlers((_Dispatch(seam, operations),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        self._server.add_generic_rpc_handlers((_Unknown(tuple(operations)),))  # asked last

    async def start(self, address: str, pair: Callable[[], tuple[bytes, bytes]] | None = None) -> int:
        """Bind and serve; the bound port. Raises OSError when the address is taken.

        `pair`: the private key and the certificate chain (PEM) to present, asked for at every handshake; without it
        everything is plain text.
        """
        try:
            if pair is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, _credentials(pair))
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address} for gRPC: is it in use?") from error
        await self._server.start()
        return port

    async def set_serving(self, serving: bool) -> None:
        """What grpc.health.v1 says of every service, and of the server as a whole."""
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", *self._services):
            await self._health.set(service, status)

    async def stop(self, grace_seconds: float) -> None:
        """Refuse new calls, let those under way end, cancel what is left after the grace."""
        await self._server.stop(grace_seconds)


def _credentials(pair: Callable[[], tuple[bytes, bytes]]) -> grpc.ServerCredentials:
    """Every handshake presents the newest pair."""
    presented = pair()

    def changed() -> Any:
        nonlocal presented
        newest = pair()
        if newest == presented:
            return None
        presented = newest
        return grpc.ssl_server_certificate_configuration([newest])

    first = grpc.ssl_server_certificate_configuration([presented])
    return grpc.dynamic_ssl_server_credentials(first, changed)


class _Dispatch(grpc.GenericRpcHandler):
    def __init__(self, seam: Seam, operations: Mapping[str, Operation]) -> None:
        self._handlers = {path: _handler(seam, operation) for path, operation in operations.items()}

    def service(self, handler_call_details: Any) -> Any:
        return self._handlers.get(handler_call_details.method)


class _Unknown(grpc.GenericRpcHandler):
    """Answers what nobody serves, whatever it streams, in our words and with the way out."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = tuple(known)

    def service(self, handler_call_details: Any) -> Any:
        path = handler_call_details.method

        async def refuse(_requests: Any, context: Any) -> AsyncIterator[bytes]:
            await _abort(context, unknown_rpc(path, nearest(path, self._known)))
            yield b""  # never reached: it makes this a stream

        return grpc.stream_stream_rpc_method_handler(refuse)


def _handler(seam: Seam, operation: Operation) -> Any:
    if operation.streams:
        return grpc.unary_stream_rpc_method_handler(_stream(seam, operation), None, _serialize)
    return grpc.unary_unary_rpc_method_handler(_unary(seam, operation), None, _serialize)


def _serialize(answer: Answer) -> bytes:
    return answer.SerializeToString()


def _unary(seam: Seam, operation: Operation) -> Callable[[bytes, Any], Awaitable[Any]]:
    async def serve(data: bytes, context: Any) -> Any:
        try:
            return await seam.call(operation, Incoming(data), _authorization(context), "grpc", _peer(context))
        except WireError as error:
            await _abort(context, error)

    return serve


def _stream(seam: Seam, operation: Operation) -> Callable[[bytes, Any], Any]:
    """A caller that goes away cancels this task, and with it the work."""

    async def serve(data: bytes, context: Any) -> Any:
        try:
            bearer, peer = _authorization(context), _peer(context)
            async with aclosing(seam.stream(operation, Incoming(data), bearer, "grpc", peer)) as answers:
                async for answer in answers:
                    yield answer
        except WireError as error:
            await _abort(context, error)

    return serve


async def _abort(context: Any, error: WireError) -> None:
    """Details travel in a trailer, and clients refuse long ones."""
    error = error.fitting(TRAILER_BYTES)
    status = error.status()
    code = next(code for code in grpc.StatusCode if code.value[0] == error.code)
    await context.abort(code, error.message, ((STATUS_TRAILER, status.SerializeToString()),))


def _peer(context: Any) -> str:
    """`127.0.0.1:50123` out of `ipv4:127.0.0.1:50123`."""
    kind, _, address = str(context.peer()).partition(":")
    return unquote(address) if kind in ("ipv4", "ipv6") else kind


def _authorization(context: Any) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return value if isinstance(value, str) else value.decode("utf-8", "replace")
    return ""
