"""From one provider to the next: when, when not, how often, and that nothing of the attempt before comes along."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.fakes.scripted_upstream import Answer, Stream, hang_up, reply
from tests.integration.dataplane.plane import CHAT, Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAILURES: dict[str, Answer] = {
    **{str(status): reply(status) for status in (429, 500, 502, 503, 504, 529)},
    "hang up": hang_up,
}
ANSWERS = (400, 401, 402, 403, 404, 408, 409, 413, 422)


def attempts(plane: Plane) -> dict[str, int]:
    """How many requests each provider got."""
    return {name: len(one.received) for name, one in plane.upstreams.items() if one.received}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_the_next_provider_is_asked_when_one_fails(plane: Plane, failure: Answer) -> None:
    plane.upstreams["alpha"].script.append(failure)
    plane.upstreams["beta"].script.append(reply(200, b'{"by":"beta"}'))

    answered = await plane.chat({"model": "fast"})

    assert (answered.status, answered.body) == (200, b'{"by":"beta"}')
    assert attempts(plane) == {"alpha": 1, "beta": 1}


@pytest.mark.parametrize("model", ["after-lost", "after-dark"])
async def test_a_provider_that_cannot_be_reached_or_found_is_passed_over(plane: Plane, model: str) -> None:
    answered = await plane.chat({"model": model})

    assert answered.status == 200
    assert attempts(plane) == {"alpha": 1}


@pytest.mark.parametrize("status", ANSWERS)
async def test_a_providers_refusal_is_an_answer_and_passes_unchanged(plane: Plane, status: int) -> None:
    body = b'{"error": {"message":"from the provider" , "code":null}}'
    plane.upstreams["alpha"].script.append(reply(status, body, x_vendor="v"))

    answered = await plane.chat({"model": "fast"})

    assert (answered.status, answered.body, answered.headers["x-vendor"]) == (status, body, "v")
    assert attempts(plane) == {"alpha": 1}


async def test_every_candidate_is_asked_once_and_the_last_answer_passes_unchanged(plane: Plane) -> None:
    plane.upstreams["alpha"].script.append(reply(503))
    plane.upstreams["beta"].script.append(hang_up)
    plane.upstreams["gamma"].script.append(reply(429, b'{"slow":"down"}', retry_after="7"))

    answered = await plane.chat({"model": "fast"})

    assert (answered.status, answered.body, answered.headers["retry-after"]) == (429, b'{"slow":"down"}', "7")
    assert attempts(plane) == {"alpha": 1, "beta": 1, "gamma": 1}


@pytest.mark.parametrize("failure", [reply(503), reply(429), hang_up], ids=["503", "429", "hang up"])
async def test_a_single_provider_is_not_asked_again_once_it_has_the_request(plane: Plane, failure: Answer) -> None:
    plane.upstreams["gamma"].usual = failure

    await plane.chat({"model": "open"})

    assert attempts(plane) == {"gamma": 1}


async def test_a_stream_that_dies_is_not_begun_again_elsewhere(plane: Plane) -> None:
    stream = Stream()
    stream.pieces.put_nowait(b"data: {}\n\n")
    stream.pieces.put_nowait(None)
    plane.upstreams["alpha"].script.append(stream)

    with pytest.raises(Exception, match=r"(?i)payload|disconnect|transfer"):
        await plane.chat({"model": "fast", "stream": True})

    assert attempts(plane) == {"alpha": 1}


async def test_each_provider_gets_its_own_credential_path_host_and_headers_only(plane: Plane) -> None:
    plane.upstreams["alpha"].script.append(reply(500))
    plane.upstreams["beta"].script.append(reply(500))

    await plane.chat({"model": "fast", "n": 1}, path=f"{CHAT}?a=b", x_team="client", api_key="client")

    (alpha,), (beta,), (gamma,) = (plane.upstreams[name].received for name in ("alpha", "beta", "gamma"))
    looked_at = ("authorization", "api-key", "x-team", "x-trace")
    assert alpha.target == "/v1/chat/completions?a=b"
    assert beta.target == "/deploy/chat/completions?api-version=2024-06-01&a=b"
    assert gamma.target == "/v1/chat/completions?a=b"
    assert [alpha.header(name) for name in looked_at] == ["Bearer KEY-ALPHA", None, None, None]
    assert [beta.header(name) for name in looked_at] == [None, "KEY-BETA", "50% red", "beta"]
    assert [gamma.header(name) for name in looked_at] == [None, None, None, None]
    hosts = [f"127.0.0.1:{plane.upstreams[name].port}" for name in ("alpha", "beta", "gamma")]
    assert [one.header("host") for one in (alpha, beta, gamma)] == hosts


async def test_headers_that_only_the_first_provider_gets_do_not_reach_the_second(plane: Plane) -> None:
    plane.upstreams["beta"].script.append(reply(503))

    await plane.chat({"model": "pair"})

    (second,) = plane.upstreams["alpha"].received
    assert second.header("authorization") == "Bearer KEY-ALPHA"
    assert [second.header(name) for name in ("api-key", "x-team", "x-trace")] == [None, None, None]


async def test_each_attempt_carries_its_own_model_name_with_the_right_length(plane: Plane) -> None:
    plane.upstreams["alpha"].script.append(reply(503))

    await plane.chat(b'{"n":1,"model" : "fast"}')
    await plane.chat(b'{"n":1,"model" : "after-lost"}')

    bodies = [one.body for name in ("alpha", "beta") for one in plane.upstreams[name].received]
    lengths = [one.header("content-length") for name in ("alpha", "beta") for one in plane.upstreams[name].received]
    assert bodies == [b'{"n":1,"model" : "fast-2026"}', b'{"n":1,"model" : "m"}', b'{"n":1,"model" : "fast-2026"}']
    assert lengths == [str(len(body)) for body in bodies]


async def test_an_attempts_credential_never_shows_at_a_provider_without_one(plane: Plane) -> None:
    plane.upstreams["beta"].script.append(reply(503))

    await plane.chat({"model": "bare-second"})

    (second,) = plane.upstreams["gamma"].received
    assert "KEY" not in json.dumps(second.headers)


async def test_many_failovers_at_a_time_all_find_the_second_provider(plane: Plane) -> None:
    plane.upstreams["alpha"].usual = reply(503)

    answered = await asyncio.gather(*(plane.chat({"model": "fast"}) for _ in range(50)))

    assert {one.status for one in answered} == {200}
    assert attempts(plane) == {"alpha": 50, "beta": 50}
