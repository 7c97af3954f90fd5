"""An answer is one write to the connection of whoever asked, and a hang-up is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from controlplane.transport.http_protocol import CONNECTION, HttpProtocol

HEAD = b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n%b\r\n"
CLOSE = b"connection: close\r\n"
ASKED = b"GET /%b HTTP/1.1\r\nhost: here\r\n%b\r\n"


class Wire(asyncio.Transport):
    """Notes what leaves at once, and when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[bytes] = []

    def write(self, data: Any) -> None:
        self.left.append(bytes(data))

    def is_closing(self) -> bool:
        return b"closed" in self.left

    def close(self) -> None:
        self.left.append(b"closed")

    def pause_reading(self) -> None:
        """Nothing is read that a test does not bring."""

    def resume_reading(self) -> None:
        """Likewise."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class Caller:
    """A connection whose requests wait to be let go, by their path."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.asked: dict[str, asyncio.Event] = {}
        self.hung_up: list[str] = []
        self._config = Config(self._serve, http=HttpProtocol, interface="asgi3", ws="none", lifespan="off")
        self._config.load()
        state = ServerState()
        state.default_headers = [(b"date", b"today")]
        self._state = state

    def connect(self) -> HttpProtocol:
        protocol = HttpProtocol(self._config, self._state, {})
        protocol.connection_made(self.wire)
        return protocol

    async def _serve(self, scope: Any, _receive: object, _send: object) -> None:
        path = scope["path"][1:]
        connection = scope["extensions"][CONNECTION]
        connection.on_hang_up = lambda: self.hung_up.append(path)
        self.asked[path] = asyncio.Event()
        await self.asked[path].wait()
        await connection.answer(200, b"text/plain", path.encode())


@pytest.fixture
def caller() -> Caller:
    return Caller()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - anything may make it true
            await asyncio.sleep(0)


async def test_an_answer_is_one_write(caller: Caller) -> None:
    protocol = caller.connect()

    for path in ("once", "more"):
        protocol.data_received(ASKED % (path.encode(), b""))
        await until(lambda path=path: path in caller.asked)  # type: ignore[misc]
        caller.asked[path].set()
        await until(lambda path=path: caller.wire.left[-1:] == [HEAD % b"" + path.encode()])  # type: ignore[misc]

    assert caller.wire.left == [HEAD % b"" + b"once", HEAD % b"" + b"more"]


async def test_requests_that_are_sent_ahead_are_answered_in_their_order(caller: Caller) -> None:
    protocol = caller.connect()

    protocol.data_received(ASKED % (b"1st.", b"") + ASKED % (b"2nd.", b"") + ASKED % (b"3rd.", CLOSE))
    for path in ("1st.", "2nd.", "3rd."):
        await until(lambda path=path: path in caller.asked)  # type: ignore[misc]
        caller.asked[path].set()
    await until(caller.wire.is_closing)

    assert caller.wire.left == [HEAD % b"" + b"1st.", HEAD % b"" + b"2nd.", HEAD % CLOSE + b"3rd.", b"closed"]


async def test_nothing_is_sent_to_who_is_gone_and_the_hang_up_is_told(caller: Caller) -> None:
    protocol = caller.connect()
    protocol.data_received(ASKED % (b"gone", b""))
    await until(lambda: "gone" in caller.asked)

    protocol.connection_lost(None)
    caller.asked["gone"].set()
    await until(lambda: not protocol.tasks)

    assert (caller.wire.left, caller.hung_up) == ([b"closed"], ["gone"])


async def test_an_answer_waits_for_who_takes_nothing(caller: Caller) -> None:
    protocol = caller.connect()
    protocol.data_received(ASKED % (b"slow", b""))
    await until(lambda: "slow" in caller.asked)
    protocol.pause_writing()

    caller.asked["slow"].set()
    for _ in range(10):
        await asyncio.sleep(0)
    before = list(caller.wire.left)
    protocol.resume_writing()
    await until(lambda: caller.wire.left)

    assert (before, caller.wire.left) == ([], [HEAD % b"" + b"slow"])
