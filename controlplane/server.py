"""The life of the serving process: bind, follow, serve, drain, close."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvicorn

from controlplane.bootstrap import ControlPlane, certificate_of, control_plane, why_not_ready
from controlplane.domain.errors import DomainError
from controlplane.security.certificates import Certificate
from controlplane.settings import Settings, split_address
from controlplane.transport.grpc_server import GrpcServer
from controlplane.transport.http_app import http_app
from controlplane.transport.http_protocol import HttpProtocol

DRAIN_SECONDS = 10
HEALTH_EVERY = 1.0
Opened = Callable[[Settings], AbstractAsyncContextManager[ControlPlane]]
First = Callable[[ControlPlane], Awaitable[None]]
log = logging.getLogger(__name__)


async def _nothing(_plane: ControlPlane) -> None:
    """There is nothing to do first."""


async def serve(
    settings: Settings, ready: Callable[[str, str], None], opened: Opened = control_plane, first: First = _nothing
) -> None:
    """Until SIGTERM or SIGINT. Once both ports are bound `first` is carried out, which may change what is stored, and
    then `ready(grpc address, http address)` is called. `opened` puts together what is served.

    Raises OSError naming the port that is taken, CertificateError.
    """
    certificate = certificate_of(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    listener = bind(settings.http_address)
    try:
        async with opened(settings) as plane:
            await serve_plane(plane, settings, listener, stopping, ready, certificate, first)
    finally:
        listener.close()


async def serve_plane(
    plane: ControlPlane,
    settings: Settings,
    listener: socket.socket,
    stopping: asyncio.Event,
    ready: Callable[[str, str], None],
    certificate: Certificate | None = None,
    first: First = _nothing,
) -> None:
    """Serve what is put together on both ports until `stopping` is set, then drain; `listener` is the HTTP port's.
    Raises what `first` raises, before HTTP is served."""
    grpc_server = GrpcServer(plane.seam, plane.operations)
    host, _ = split_address(settings.grpc_address)
    port = await grpc_server.start(settings.grpc_address, (lambda: _presented(certificate)) if certificate else None)
    try:
        await first(plane)
    except BaseException:
        await grpc_server.stop(0)
        raise
    http_server = _uvicorn(plane, certificate)
    follower = asyncio.create_task(plane.feed.follow())
    plane.upkeep.start()
    watcher = asyncio.create_task(_watch(plane, grpc_server, http_server, certificate))
    serving = asyncio.create_task(http_server.serve(sockets=[listener]))
    http_host, http_port = listener.getsockname()[:2]
    ready(f"{host}:{port}", f"{http_host}:{http_port}")
    stopped = asyncio.create_task(stopping.wait())
    ended, _ = await asyncio.wait({stopped, serving, follower, watcher}, return_when=asyncio.FIRST_COMPLETED)
    await _drain(plane, grpc_server, http_server, serving, [watcher, follower, stopped])
    for task in ended - {stopped}:
        task.result()  # what ended by itself, and not because we were asked to stop, says why


async def _drain(
    plane: ControlPlane,
    grpc_server: GrpcServer,
    http_server: uvicorn.Server,
    serving: asyncio.Task[None],
    tasks: Iterable[asyncio.Task[Any]],
) -> None:
    """Say so, answer hanging polls, end what is under way, write what was heard."""
    for task in tasks:
        task.cancel()
    await grpc_server.set_serving(False)
    await plane.feed.drain()
    http_server.should_exit = True
    await asyncio.gather(grpc_server.stop(DRAIN_SECONDS), serving, return_exceptions=True)
    for step in (plane.full_syncs.stop, plane.upkeep.stop, plane.sightings.flush):
        with contextlib.suppress(Exception):
            await step()


def _presented(certificate: Certificate) -> tuple[bytes, bytes]:
    return certificate.pair.key, certificate.pair.chain


def _uvicorn(plane: ControlPlane, certificate: Certificate | None) -> uvicorn.Server:
    app = http_app(plane.seam, plane.operations, plane.metrics, _ready(plane))
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        log_level="warning",
        log_config=None,  # its lines go where ours go, with a time as ours have
        access_log=False,
        ws="none",
        lifespan="off",
        timeout_keep_alive=90,  # longer than the pause between two polls
        timeout_graceful_shutdown=DRAIN_SECONDS,
        server_header=False,
        ssl_certfile=certificate.cert_file if certificate else None,
        ssl_keyfile=certificate.key_file if certificate else None,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]
    return server


def _ready(plane: ControlPlane) -> Callable[[], Awaitable[str]]:
    async def ready() -> str:
        return await why_not_ready(plane)

    return ready


async def _watch(
    plane: ControlPlane, grpc_server: GrpcServer, http_server: uvicorn.Server, certificate: Certificate | None
) -> None:
    """gRPC health follows the database, what changes is told once; a renewed certificate serves from now on.

    A database that was away at the start may be filled under another master key: that ends the process now as it would
    have then. Raises MasterKeyError, CannotOpen.
    """
    told = ""
    while True:
        with contextlib.suppress(DomainError):
            await plane.key_proof.check()
        reason = await why_not_ready(plane)
        if reason != told:
            log.warning("%s", f"not ready: {reason}" if reason else "ready again")
            told = reason
        await grpc_server.set_serving(not reason)
        context = http_server.config.ssl if http_server.config.loaded else None
        if certificate and context and certificate.renewed():
            context.load_cert_chain(certificate.cert_file, certificate.key_file)
        await asyncio.sleep(HEALTH_EVERY)


def bind(address: str) -> socket.socket:
    """A listening socket on `host:port`. Raises OSError naming the address."""
    host, port = split_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio switches Nagle's algorithm off: it costs 40 ms an answer otherwise.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {address} for HTTP: {error.strerror}") from None
    listener.listen(4096)
    listener.setblocking(False)
    return listener
