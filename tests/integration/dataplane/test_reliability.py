"""What a document's `reliability` changes: how often one provider is asked, and when it is left alone for a while."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes.compiling import configuration
from tests.fakes.scripted_upstream import reply
from tests.integration.dataplane.plane import Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def reliable(plane: Plane) -> AsyncIterator[Plane]:
    """The usual plane, put back to its document afterwards."""
    before = plane.desired.configurations
    yield plane
    await plane.apply(configurations=before)


async def with_reliability(plane: Plane, model: str, **reliability: Any) -> None:
    """Give one model of the document a `reliability`."""
    current = plane.desired.configurations[""]
    document = json.loads(current.document)
    next(one for one in document["providers"]["models"] if one["name"] == model)["reliability"] = reliability
    changed = configuration("", document, current.version + 1)
    await plane.apply(configurations={**plane.desired.configurations, "": changed})


async def test_a_single_provider_is_asked_again_as_often_as_the_document_says(reliable: Plane) -> None:
    await with_reliability(reliable, "open", retry_count=2, retry_on="5xx")
    reliable.upstreams["gamma"].script += [reply(503), reply(500)]

    answered = await reliable.chat({"model": "open"})

    assert answered.status == 200
    assert len(reliable.upstreams["gamma"].received) == 3


async def test_attempts_beyond_the_last_candidate_go_to_the_last(reliable: Plane) -> None:
    await with_reliability(reliable, "pair", retry_count=3, retry_on="5xx")
    reliable.upstreams["beta"].script.append(reply(503))
    reliable.upstreams["alpha"].script += [reply(503), reply(503)]

    answered = await reliable.chat({"model": "pair"})

    assert answered.status == 200
    assert {name: len(one.received) for name, one in reliable.upstreams.items() if one.received} == {
        "beta": 1,
        "alpha": 3,
    }


async def test_a_provider_that_fails_in_a_row_is_left_alone_and_the_next_serves(reliable: Plane) -> None:
    await with_reliability(reliable, "pair", consecutive_5xx=2, base_ejection_time="60s")
    reliable.upstreams["beta"].usual = reply(500)
    for _ in range(2):
        await reliable.chat({"model": "pair"})
    asked = len(reliable.upstreams["beta"].received)

    answers = [await reliable.chat({"model": "pair"}) for _ in range(4)]

    assert [one.status for one in answers] == [200] * 4
    assert asked == len(reliable.upstreams["beta"].received) == 2


async def test_a_single_provider_out_of_service_is_an_unavailable_upstream(reliable: Plane) -> None:
    await with_reliability(reliable, "open", consecutive_5xx=1, base_ejection_time="60s")
    reliable.upstreams["gamma"].usual = reply(500)
    await reliable.chat({"model": "open"})

    answered = await reliable.chat({"model": "open"})

    assert (answered.status, answered.error["code"]) == (503, "upstream_unavailable")


async def test_another_model_at_the_same_place_is_not_left_alone_with_it(reliable: Plane) -> None:
    await with_reliability(reliable, "open", consecutive_5xx=1, base_ejection_time="61s")
    gamma = reliable.upstreams["gamma"]
    gamma.script.append(reply(500))
    await reliable.chat({"model": "open"})
    for name in ("alpha", "beta"):
        reliable.upstreams[name].script.append(reply(503))

    answered = await reliable.chat({"model": "fast"})

    assert answered.status == 200
    assert len(gamma.received) == 2


async def test_a_provider_whose_probe_fails_is_passed_over_without_being_asked(reliable: Plane) -> None:
    beta = reliable.upstreams["beta"]
    beta.usual = reply(503)
    await with_reliability(
        reliable, "pair", health_check_path="/healthy", health_check_interval="0.05s", health_check_timeout="1s"
    )
    while len(beta.received) < 3:  # noqa: ASYNC110 - the test's timeout ends it
        await asyncio.sleep(0.02)

    answered = await reliable.chat({"model": "pair"})

    assert answered.status == 200
    assert {one.target for one in beta.received} == {"/healthy"}
    probe = next(one for one in beta.received if one.target == "/healthy")
    assert "KEY-BETA" not in json.dumps(dataclasses.asdict(probe), default=str)
