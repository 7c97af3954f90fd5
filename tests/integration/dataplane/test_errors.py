"""Every answer the gateway makes itself: OpenAI's error JSON, a stable code, a request id, nothing of our inside."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.fakes.scripted_upstream import hang_up, reply, say_nothing
from tests.integration.dataplane.plane import Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("model", ["only-lost", "only-dark", "impostor"])
async def test_a_provider_that_cannot_be_reached_is_unavailable_and_not_described(plane: Plane, model: str) -> None:
    answered = await plane.chat({"model": model})

    assert (answered.status, answered.error["code"], answered.error["type"]) == (
        503,
        "upstream_unavailable",
        "server_error",
    )
    everything = (answered.body.decode() + json.dumps(dict(answered.headers))).lower()
    assert not [word for word in ("127.0.0.1", "nowhere", "refused", "tls", "envoy", "cluster") if word in everything]


async def test_a_provider_that_hangs_up_is_unavailable(plane: Plane) -> None:
    plane.upstreams["gamma"].script.append(hang_up)

    answered = await plane.chat({"model": "open"})

    assert (answered.status, answered.error["code"]) == (503, "upstream_unavailable")


async def test_a_provider_that_says_nothing_times_out(plane: Plane) -> None:
    plane.upstreams["gamma"].script.append(say_nothing)

    answered = await plane.request(
        "POST", "/v1/chat/completions", plane.headers(), b'{"model":"open"}', plane.impatient_port
    )

    assert (answered.status, answered.error["code"]) == (504, "upstream_timeout")


async def test_a_body_that_stops_coming_times_out_as_the_clients_fault(plane: Plane) -> None:
    head = "\r\n".join(f"{name}: {value}" for name, value in plane.headers(host="x", content_length="99").items())
    reader, writer = await asyncio.open_connection("127.0.0.1", plane.impatient_port)
    writer.write(f"POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n\r\n{{".encode())

    answered = (await reader.read()).decode()
    writer.close()

    assert answered.startswith("HTTP/1.1 408 ")
    assert '"code":"request_timeout"' in answered


async def test_headers_that_are_too_large_are_refused(plane: Plane) -> None:
    answered = await plane.chat({"model": "open"}, x_long="y" * 70_000)

    assert (answered.status, answered.error["code"]) == (431, "headers_too_large")


async def test_every_answer_has_a_request_id_of_its_own_which_the_provider_sees_too(plane: Plane) -> None:
    plane.upstreams["gamma"].usual = reply(200, x_request_id="the-providers")

    served = await plane.chat({"model": "open"}, x_request_id="the-clients")
    refused = await plane.chat({"model": "nothing"}, x_request_id="the-clients")
    locked_out = await plane.request("GET", "/v1/models", {"x-request-id": "the-clients"})

    ids = [answered.headers["x-request-id"] for answered in (served, refused, locked_out)]
    assert len(set(ids)) == 3
    assert not {"the-clients", "the-providers"} & set(ids)
    assert plane.upstreams["gamma"].received[0].header("x-request-id") == ids[0]


@pytest.mark.parametrize("status", [401, 404, 413, 504])
async def test_a_providers_own_error_is_not_taken_for_ours(plane: Plane, status: int) -> None:
    plane.upstreams["gamma"].script.append(reply(status, b"the provider's words"))

    answered = await plane.chat({"model": "open"})

    assert (answered.status, answered.body) == (status, b"the provider's words")


async def test_answers_do_not_tell_what_the_gateway_is_made_of(plane: Plane) -> None:
    answered = [await plane.chat({"model": name}) for name in ("open", "nothing")]

    for one in answered:
        assert one.headers["server"] == "agentrouter"
        assert not [name for name in one.headers if name.startswith("x-envoy")]
