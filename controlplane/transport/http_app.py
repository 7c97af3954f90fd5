"""The HTTP port: Connect and gRPC-Web at the root, health, readiness, metrics, and the REST alias beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from controlplane.transport.asgi import App
from controlplane.transport.connect_app import ConnectApp
from controlplane.transport.connect_unary import ConnectUnary
from controlplane.transport.decoding import encode_json
from controlplane.transport.edges import Edges, rest_body
from controlplane.transport.errors import (
    HTTP_STATUS,
    LONGEST_NAME,
    REQUEST_BYTES,
    WireError,
    compression_unknown,
    hung_up,
    not_in_this_release,
    too_large,
)
from controlplane.transport.metrics import Metrics
from controlplane.transport.operations import Operation
from controlplane.transport.seam import Incoming, Seam

CONFIGURATOR = "/agentrouter.configurator.v1.ConfiguratorService/"
ALIASES = {
    "/configurator/v1/config": "GetConfiguration",
    "/configurator/v1/dataplane-upgrade/cancel": "CancelDataplaneUpgrade",
    "/configurator/v1/dataplane-upgrade/rollback": "RollbackDataplaneUpgrade",
    "/configurator/v1/validate-dataplane": "ValidateDataplane",
}

PAGES = ("/health", "/ready", "/metrics")
STATUS_OF_REASON = {"REQUEST_TOO_LARGE": 413}


def http_app(
    seam: Seam, operations: Mapping[str, Operation], metrics: Metrics, ready: Callable[[], Awaitable[str]]
) -> App:
    """`ready()` answers the empty string, or why the control plane is not ready."""

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readiness(_request: Request) -> Response:
        reason = await ready()
        if reason:
            return JSONResponse({"status": "unavailable", "reason": reason}, status_code=503)
        return JSONResponse({"status": "ready"})

    async def metrics_page(_request: Request) -> Response:
        return Response(metrics.page(), media_type="text/plain; version=0.0.4")

    aliases = [
        Route(path, _alias(seam, operations[CONFIGURATOR + name]), methods=["POST"]) for path, name in ALIASES.items()
    ]
    others = {**dict.fromkeys(ALIASES, "POST"), **dict.fromkeys(PAGES, "GET, HEAD")}
    rest = Starlette(
        routes=[
            Route("/health", health),
            Route("/ready", readiness),
            Route("/metrics", metrics_page),
            *aliases,
            Mount("/", Edges(operations, others, ConnectApp(seam, operations))),
        ]
    )
    return ConnectUnary(seam, operations, rest)


def _alias(seam: Seam, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    """The RPC as plain JSON over POST, snake_case in and out."""

    async def serve(request: Request) -> Response:
        try:
            if operation.handler is None:
                raise not_in_this_release(operation.path)
            if (encoding := request.headers.get("content-encoding", "identity").lower()) != "identity":
                raise compression_unknown(f"a REST call is read uncompressed only, not in {encoding[:LONGEST_NAME]!r}")
            incoming = Incoming(await _body(request), json=True)
            peer = f"{request.client.host}:{request.client.port}" if request.client else ""
            answer = await seam.call(operation, incoming, request.headers.get("authorization", ""), "rest", peer)
        except WireError as error:
            return _refusal(error)
        return Response(encode_json(answer, snake_case=True), media_type="application/json")

    return serve


async def _body(request: Request) -> bytes:
    """At most the limit of a request, however it is announced. Raises WireError."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > REQUEST_BYTES:
                raise too_large(REQUEST_BYTES)
    except ClientDisconnect:
        raise hung_up() from None
    return bytes(body)


def _refusal(error: WireError) -> Response:
    status = STATUS_OF_REASON.get(error.reason) or HTTP_STATUS.get(error.code, 500)
    return Response(rest_body(error), status_code=status, media_type="application/json")
