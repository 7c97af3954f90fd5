"""The ADS server: delta xDS over a Unix socket, one stream at a time, the newest one counts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf.descriptor_pool import DescriptorPool

from liaison_agent.ports import GatewayUnavailable
from liaison_agent.state import ResourceSet
from liaison_agent.xds.streams import Stream
from liaison_agent.xds.wire import METHOD, SERVICE, Wire

log = logging.getLogger(__name__)
_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class AdsServer:
    """Serves one Envoy. `offered` is what subscriptions are answered from; whoever delivers keeps it current."""

    def __init__(self, socket: Path, pool: DescriptorPool) -> None:
        self._socket = socket
        self._wire = Wire(pool)
        self._server: grpc.aio.Server | None = None
        self._stream: Stream | None = None
        self._count = 0
        self._connected = asyncio.Condition()
        self.offered = ResourceSet()
        self.on_connect: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Listen on the socket; its folder must be private (0700), since whoever reaches the socket reads secrets."""
        mode = self._socket.parent.stat().st_mode & 0o777
        if mode & 0o077:
            raise GatewayUnavailable(
                f"the folder {self._socket.parent} is open to others (mode {mode:o}); it must be 700"
            )
        self._socket.unlink(missing_ok=True)
        server = grpc.aio.server(options=_OPTIONS)
        handler: grpc.RpcMethodHandler[Any, Any] = grpc.stream_stream_rpc_method_handler(
            self._handle, self._wire.parse, None
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
        server.add_insecure_port(f"unix:{self._socket}")
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """End every stream and close the socket; harmless when not started."""
        if self._stream is not None:
            self._stream.lose()
        if self._server is not None:
            await self._server.stop(grace=None)
            self._server = None

    async def connected(self, within: timedelta) -> Stream:
        """The stream of the Envoy that is connected now, or connects within that time; else `GatewayUnavailable`."""
        try:
            async with asyncio.timeout(within.total_seconds()), self._connected:
                await self._connected.wait_for(lambda: self.stream is not None)
        except TimeoutError:
            seconds = within.total_seconds()
            raise GatewayUnavailable(f"Envoy did not ask for its configuration within {seconds:g} s") from None
        stream = self.stream
        if stream is None:
            raise GatewayUnavailable("Envoy went away")
        return stream

    @property
    def stream(self) -> Stream | None:
        """The stream of the Envoy that is connected now."""
        return None if self._stream is None or self._stream.lost else self._stream

    async def _handle(
        self, requests: AsyncIterator[Any], _: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[bytes]:
        stream = await self._open()
        reader = asyncio.create_task(self._read(stream, requests))
        try:
            while (message := await stream.next_message()) is not None:
                yield message
        finally:
            stream.lose()
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _open(self) -> Stream:
        async with self._connected:
            if self._stream is not None:
                self._stream.lose()
            self._count += 1
            self._stream = Stream(self._count, self._wire, lambda: self.offered)
            self._connected.notify_all()
        log.info("Envoy connected, stream %d", self._count)
        self.on_connect()
        return self._stream

    async def _read(self, stream: Stream, requests: AsyncIterator[Any]) -> None:
        try:
            async for request in requests:
                stream.receive(request)
        except grpc.aio.AbortError:
            raise
        except Exception:
            log.exception("the stream %d of Envoy broke", stream.number)
        finally:
            stream.lose()
