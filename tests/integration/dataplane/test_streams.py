"""Streams pass through piece by piece, in both senses: nothing waits for more, nothing is glued or cut."""

from __future__ import annotations

import pytest

from tests.fakes.scripted_upstream import Stream
from tests.integration.dataplane.plane import CHAT, Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")


def event(text: str) -> bytes:
    return b'data: {"delta":"%s"}\n\n' % text.encode()


async def test_each_piece_of_a_stream_arrives_before_the_next_one_is_written(plane: Plane) -> None:
    stream = Stream()
    plane.upstreams["gamma"].script.append(stream)
    url = f"http://127.0.0.1:{plane.port}{CHAT}"
    seen = []

    async with plane.client.post(url, data=b'{"model":"open","stream":true}', headers=plane.headers()) as response:
        for text in ("a", "b" * 5000, "c", "[DONE]"):
            stream.pieces.put_nowait(event(text))
            seen.append(await response.content.readexactly(len(event(text))))
        stream.pieces.put_nowait(b"")
        rest = await response.content.read()

    assert response.headers["content-type"] == "text/event-stream"
    assert seen == [event(text) for text in ("a", "b" * 5000, "c", "[DONE]")]
    assert rest == b""


async def test_a_stream_outlives_a_change_of_every_provider_and_secret(plane: Plane) -> None:
    stream = Stream()
    plane.upstreams["alpha"].script.append(stream)
    url = f"http://127.0.0.1:{plane.port}{CHAT}"

    async with plane.client.post(url, data=b'{"model":"fast","stream":true}', headers=plane.headers()) as response:
        stream.pieces.put_nowait(event("before"))
        before = await response.content.readexactly(len(event("before")))
        await plane.apply(secrets={**plane.desired.secrets, "secret://alpha@1": "KEY-ALPHA-ROTATED"})
        await plane.apply(jwks=plane.desired.jwks.replace(b"}]", b"} ]"))
        stream.pieces.put_nowait(event("after"))
        stream.pieces.put_nowait(b"")
        after = await response.content.read()

    assert (before, after) == (event("before"), event("after"))
