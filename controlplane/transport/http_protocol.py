"""uvicorn's HTTP/1.1 for many who hang: an answer is one write to the socket, and a hang-up is told, not asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = b"HTTP/1.1 "
CONNECTION = "agentrouter.connection"  # among the ASGI extensions of a request


class Connection(Protocol):
    """The caller's, as whoever answers sees it. `on_hang_up` is called when it is lost."""

    on_hang_up: Callable[[], None] | None


class HttpProtocol(HttpToolsProtocol):
    """What uvicorn's option `http` takes. To wait for a hang-up as ASGI has it would keep a task a hanging poll."""

    on_hang_up: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """asyncio's."""
        super().connection_made(cast(asyncio.Transport, HeldHeads(transport)))
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


class HeldHeads:
    """A transport that keeps the head of an answer for the next write, but not longer than until the loop's next turn:
    bodies that take their time, or that there are none of, keep nobody waiting."""

    __slots__ = ("_head", "_transport", "_turn")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self._turn: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """A head, a body, or a part of one."""
        if self._head:
            self._transport.writelines([self._taken(), data])
        elif data.startswith(HEAD):
            self._head = data
            self._turn = asyncio.get_running_loop().call_soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """What is kept leaves before."""
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """asyncio's."""
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._head:
            self._transport.write(self._taken())

    def _taken(self) -> bytes:
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        head, self._head = self._head, b""
        return head
