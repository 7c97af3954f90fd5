"""uvicorn's HTTP/1.1 for many who hang: an answer is one write to the socket, and a hang-up is told, not asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

CONNECTION = "agentrouter.connection"  # among the ASGI extensions of a request


class Connection(Protocol):
    """The caller's, as whoever answers sees it. `on_hang_up` is called when it is lost."""

    on_hang_up: Callable[[], None] | None

    async def answer(self, status: int, content_type: bytes, body: bytes) -> None:
        """The whole answer to the request under way, in place of what ASGI would have sent; nobody may be there."""


class HttpProtocol(HttpToolsProtocol):
    """What uvicorn's option `http` takes. To wait for a hang-up as ASGI has it would keep a task a hanging poll, and to
    send an answer as ASGI has it costs a fifth of what waking one does."""

    on_hang_up: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """asyncio's."""
        super().connection_made(transport)
        self._extensions: Any = {CONNECTION: self}

    def on_message_begin(self) -> None:
        """The parser's."""
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def _unsupported_upgrade_warning(self) -> None:
        """Some clients ask for HTTP/2 with every first request, and are answered in HTTP/1.1: nothing to warn of."""

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's."""
        super().connection_lost(exc)
        if self.on_hang_up is not None:
            self.on_hang_up()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._under_way = cycle  # not always the newest: who sends requests ahead is answered one after the other
        super()._start_asgi_task(cycle, app)

    async def answer(self, status: int, content_type: bytes, body: bytes) -> None:
        """The connection's."""
        cycle = self._under_way
        if self.flow.write_paused and not cycle.disconnected:
            await self.flow.drain()
        if cycle.disconnected or self.transport.is_closing():
            return
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"".join((self._head(status, content_type, len(body), cycle.keep_alive), body)))
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def _head(self, status: int, content_type: bytes, length: int, keep_alive: bool) -> bytes:
        told = b"".join(b"%b: %b\r\n" % header for header in self.server_state.default_headers)
        end = b"" if keep_alive else b"connection: close\r\n"
        line = STATUS_LINE[status]
        return b"%b%bcontent-type: %b\r\ncontent-length: %d\r\n%b\r\n" % (line, told, content_type, length, end)
