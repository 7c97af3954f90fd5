"""One line a request says who asked for what, what came of it, and which versions served it."""

from __future__ import annotations

import pytest

from tests.fakes.scripted_upstream import reply
from tests.integration.dataplane.plane import Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_each_request_leaves_a_line(plane: Plane) -> None:
    plane.upstreams["alpha"].script.append(reply(503))
    answered = [
        await plane.chat({"model": "fast"}),
        await plane.chat({"model": "open"}, plane.key.sign("narrow")),
        await plane.chat({"model": "nothing"}),
        await plane.get("/v1/models"),
        await plane.request("GET", "/v1/models"),
    ]

    lines = await plane.logged(answered)

    facts = ("consumer", "endpoint", "model", "status", "attempts", "workspace_version", "consumer_version")
    assert [tuple(line[fact] for fact in facts) for line in lines] == [
        ("everyone", "/v1/chat/completions", "fast", 200, 2, "1", None),
        ("narrow", "/v1/chat/completions", "open", 200, 1, "1", "1"),
        ("everyone", "/v1/chat/completions", "nothing", 404, 0, "1", None),
        ("everyone", "/v1/models", None, 200, 0, "1", None),
        (None, None, None, 401, 0, None, None),
    ]
    assert lines[0]["upstream"] in {name for _, name in plane.compiled.resources}
