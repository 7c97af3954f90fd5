"""What is kept apart: consumers from one another, clients from our own headers, providers from everybody's keys."""

from __future__ import annotations

import json

import pytest

from tests.fakes.compiling import consumer
from tests.integration.dataplane.plane import Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_FOR_PROVIDERS = {
    "cookie": "session=1",
    "api-key": "client",
    "x-goog-api-key": "client",
    "proxy-authorization": "Basic client",
    "x-amz-security-token": "client",
    "openai-organization": "org-client",
    "openai-project": "proj-client",
    "x-forwarded-for": "10.1.2.3",
    "x-forwarded-host": "inside",
    "forwarded": "for=10.1.2.3",
    "x-real-ip": "10.1.2.3",
    "via": "1.1 inside",
    "x-consumer": "narrow",
    "x-agentrouter-jti": "other",
    "x-agentrouter-anything": "other",
    "x-envoy-retry-on": "5xx",
    "x-envoy-original-path": "/secret",
}
PASSED_ON = {"idempotency-key": "k", "x-stainless-lang": "python", "openai-beta": "assistants=v2", "user-agent": "t/1"}


async def test_a_consumer_with_a_list_sees_and_uses_its_models_only(plane: Plane) -> None:
    narrow = plane.key.sign("narrow")

    listed = json.loads((await plane.get("/v1/models", narrow)).body)["data"]
    used = {model: (await plane.chat({"model": model}, narrow)).status for model in ("open", "fast", "nothing")}

    assert [model["id"] for model in listed] == ["open"]
    assert used == {"open": 200, "fast": 404, "nothing": 404}
    assert (await plane.get("/v1/models/fast", narrow)).status == 404
    assert plane.upstreams["alpha"].received == []


async def test_a_model_outside_the_list_is_answered_as_if_it_did_not_exist(plane: Plane) -> None:
    narrow = plane.key.sign("narrow")

    forbidden, unknown = [await plane.chat({"model": name}, narrow) for name in ("fast", "nope")]

    assert forbidden.error["message"].replace("fast", "nope") == unknown.error["message"]
    assert forbidden.error["code"] == unknown.error["code"] == "model_not_found"


@pytest.mark.parametrize("header", ["x-consumer", "X-Consumer", "x_consumer"])
async def test_nobody_can_say_who_they_are_but_by_their_key(plane: Plane, header: str) -> None:
    as_everyone = {**plane.headers(plane.key.sign("narrow")), header: "everyone"}

    answered = await plane.request("POST", "/v1/chat/completions", as_everyone, b'{"model":"fast"}')

    assert answered.status == 404
    assert plane.upstreams["alpha"].received == []


async def test_providers_see_neither_the_clients_credentials_nor_our_own_headers(plane: Plane) -> None:
    sent = {**plane.headers(), **NOT_FOR_PROVIDERS, **PASSED_ON}

    await plane.request("POST", "/v1/chat/completions", sent, b'{"model":"open"}')

    (received,) = plane.upstreams["gamma"].received
    names = {name for name, _ in received.headers}
    assert names & {*NOT_FOR_PROVIDERS, "authorization", "x-api-key"} == set()
    assert not [name for name in names if name.startswith(("x-envoy", "x-agentrouter", "x-forwarded"))]
    assert {name: received.header(name) for name in PASSED_ON} == PASSED_ON
    assert received.header("host") == f"127.0.0.1:{plane.upstreams['gamma'].port}"


async def test_a_client_cannot_change_retries_or_timeouts(plane: Plane) -> None:
    plane.upstreams["gamma"].script.append(_unauthorised)

    answered = await plane.request(
        "POST",
        "/v1/chat/completions",
        {**plane.headers(), "x-envoy-retry-on": "retriable-4xx,5xx", "x-envoy-max-retries": "5"},
        b'{"model":"open"}',
    )

    assert answered.status == 409
    assert len(plane.upstreams["gamma"].received) == 1


async def _unauthorised(writer: object) -> None:
    writer.write(b"HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n")  # type: ignore[attr-defined]


async def test_a_consumers_change_takes_effect_for_that_consumer_alone(plane: Plane) -> None:
    try:
        widened = await plane.apply_consumer(consumer("narrow", 2, models=["open", "pair"]), "narrow")
        now = (await plane.chat({"model": "pair"}, plane.key.sign("narrow"))).status
        freed = await plane.apply_consumer(consumer("narrow", 3), "narrow")
        then = (await plane.chat({"model": "fast"}, plane.key.sign("narrow"))).status
        await plane.apply_consumer(consumer("narrow", 4, enabled=False), "narrow")
        disabled = (await plane.chat({"model": "open"}, plane.key.sign("narrow"))).status
        await plane.apply_consumer(None, "narrow")
        gone = (await plane.chat({"model": "open"}, plane.key.sign("narrow"))).status
        other = (await plane.chat({"model": "fast"})).status
    finally:
        await plane.apply_consumer(consumer("narrow", 5, models=["open", "not-there"]), "narrow")

    assert (now, then, disabled, gone, other) == (200, 200, 401, 401, 200)
    assert "scope/consumer/narrow" in {one.name for one in widened.proven}
    assert "scope/consumer/narrow" in {one.name for one in freed.proven}
