"""An answer's head leaves with its body, and never waits for one that does not come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import pytest

from controlplane.transport.http_protocol import HeldHeads

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Wire(asyncio.Transport):
    """Notes what leaves at once, and when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[bytes] = []

    def write(self, data: Any) -> None:
        self.left.append(bytes(data))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.left.append(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return b"closed" in self.left

    def close(self) -> None:
        self.left.append(b"closed")

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return name


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def held(wire: Wire) -> asyncio.Transport:
    return cast(asyncio.Transport, HeldHeads(wire))


async def test_a_head_leaves_with_its_body_in_one_write(wire: Wire, held: asyncio.Transport) -> None:
    for body in (b"once", b"HTTP/1.1 is what this body begins with"):
        held.write(HEAD)
        held.write(body)
        await asyncio.sleep(0)

    assert wire.left == [HEAD + b"once", HEAD + b"HTTP/1.1 is what this body begins with"]


async def test_a_head_without_a_body_leaves_at_the_next_turn_of_the_loop(wire: Wire, held: asyncio.Transport) -> None:
    held.write(HEAD)
    before = list(wire.left)
    await asyncio.sleep(0)

    assert (before, wire.left) == ([], [HEAD])


async def test_what_follows_a_stream_s_first_piece_leaves_at_once(wire: Wire, held: asyncio.Transport) -> None:
    for piece in (HEAD, b"one", b"two"):
        held.write(piece)

    assert wire.left == [HEAD + b"one", b"two"]


async def test_a_head_leaves_before_the_end(wire: Wire, held: asyncio.Transport) -> None:
    held.write(HEAD)
    held.close()
    await asyncio.sleep(0)

    assert wire.left == [HEAD, b"closed"]
    assert held.is_closing()


async def test_all_else_is_the_transport_s_own(held: asyncio.Transport) -> None:
    assert held.get_extra_info("peername") == "peername"
