"""Consumers' own keys on a real Envoy: whose key goes where, in which order, and what happens when one is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from contract import own_secret_name
from liaison_agent.state import Configuration
from tests.fakes.compiling import consumer
from tests.fakes.scripted_upstream import Received, reply
from tests.integration.dataplane.plane import Answered, Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")


def origin_of(plane: Plane, upstream: str) -> str:
    return f"http://127.0.0.1:{plane.upstreams[upstream].port}"


def ref(user: str, backend: str, version: int = 1) -> str:
    return f"secret://{own_secret_name(user, backend)}@{version}"


def own(plane: Plane, user: str, upstream: str, *, version: int = 1, **fields: Any) -> dict[str, Any]:
    """A backend of this consumer, named like the upstream that it means."""
    origin = origin_of(plane, upstream)
    credential = {"kind": "api_key", "ref": ref(user, upstream, version), "origin": origin}
    return {"name": upstream, "provider": upstream, "credential": credential, **fields}


def document(user: str, mode: str, *backends: dict[str, Any], version: int = 1, **fields: Any) -> Configuration:
    return consumer(user, version, mode=mode, backends=list(backends), **fields)


@pytest_asyncio.fixture(loop_scope="module")
async def usual(plane: Plane) -> AsyncIterator[Plane]:
    """The plane, brought back to its usual consumers afterwards."""
    before = plane.desired
    yield plane
    await plane.apply(configurations=before.configurations, secrets=before.secrets)


async def bring(plane: Plane, *documents: Configuration, secrets: dict[str, str]) -> None:
    """These consumers as well, with these secrets."""
    configurations = {**plane.desired.configurations, **{one.user_id: one for one in documents}}
    await plane.apply(configurations=configurations, secrets={**plane.desired.secrets, **secrets})


async def ask(plane: Plane, user: str, model: str = "fast") -> Answered:
    return await plane.chat({"model": model}, plane.key.sign(user))


def keys(requests: list[Received]) -> list[str | None]:
    """Everything that a request could have been paid with."""
    return [one.header("authorization") or one.header("api-key") for one in requests]


async def test_each_consumers_own_key_is_used_for_it_alone(usual: Plane) -> None:
    await bring(
        usual,
        document("ada", "EXCLUSIVE", own(usual, "ada", "alpha")),
        document("bob", "EXCLUSIVE", own(usual, "bob", "alpha")),
        secrets={ref("ada", "alpha"): "OWN-ADA", ref("bob", "alpha"): "OWN-BOB"},
    )

    answers = [await ask(usual, user) for user in ("ada", "bob", "everyone", "ada")]

    assert [one.status for one in answers] == [200] * 4
    assert keys(usual.upstreams["alpha"].received) == [
        "Bearer OWN-ADA",
        "Bearer OWN-BOB",
        "Bearer KEY-ALPHA",
        "Bearer OWN-ADA",
    ]
    assert all(b'"fast-2026"' in one.body for one in usual.upstreams["alpha"].received)


@pytest.mark.parametrize("failure", [500, 429, 401])
async def test_exclusive_never_comes_to_the_platforms_key(usual: Plane, failure: int) -> None:
    await bring(
        usual,
        document("ada", "EXCLUSIVE", own(usual, "ada", "alpha")),
        secrets={ref("ada", "alpha"): "OWN-ADA"},
    )
    usual.upstreams["alpha"].usual = reply(failure)

    answered = await ask(usual, "ada")

    assert answered.status == failure
    assert set(keys(usual.upstreams["alpha"].received)) == {"Bearer OWN-ADA"}
    assert not usual.upstreams["beta"].received + usual.upstreams["gamma"].received


async def test_exclusive_leaves_only_the_models_that_the_consumer_brought(usual: Plane) -> None:
    await bring(
        usual,
        document("ada", "EXCLUSIVE", own(usual, "ada", "alpha", models=["fast", "open"])),
        secrets={ref("ada", "alpha"): "OWN-ADA"},
    )

    pair, opened = await ask(usual, "ada", "pair"), await ask(usual, "ada", "open")
    listed = await usual.get("/v1/models", usual.key.sign("ada"))

    assert (pair.status, pair.error["code"], opened.status) == (404, "model_not_found", 200)
    assert listed.body.count(b'"id"') == 2
    (received,) = usual.upstreams["alpha"].received
    assert (received.header("authorization"), b'"open"' in received.body) == ("Bearer OWN-ADA", True)


@pytest.mark.parametrize("failure", [500, 429, 401, 403])
async def test_preferred_goes_on_to_the_platform_with_nothing_of_the_first_attempt(usual: Plane, failure: int) -> None:
    await bring(
        usual,
        document("ada", "PREFERRED", own(usual, "ada", "alpha")),
        secrets={ref("ada", "alpha"): "OWN-ADA"},
    )
    usual.upstreams["alpha"].script.append(reply(failure))

    answered = await ask(usual, "ada", "pair")

    assert answered.status == 200
    assert keys(usual.upstreams["alpha"].received) == ["Bearer OWN-ADA"]
    (second,) = usual.upstreams["beta"].received
    assert second.header("api-key") == "KEY-BETA"
    assert second.header("authorization") is None
    assert not [value for _, value in second.headers if "OWN-ADA" in value]
    assert not [name for name, _ in second.headers if "agentrouter" in name]


async def test_a_refusal_by_the_platforms_own_account_is_not_tried_again(usual: Plane) -> None:
    await bring(
        usual,
        document("ada", "PREFERRED", own(usual, "ada", "alpha")),
        secrets={ref("ada", "alpha"): "OWN-ADA"},
    )
    usual.upstreams["alpha"].script.append(reply(500))
    usual.upstreams["beta"].script.append(reply(401))

    answered = await ask(usual, "ada", "pair")

    assert (answered.status, len(usual.upstreams["beta"].received)) == (401, 1)
    assert len(usual.upstreams["alpha"].received) == 1


async def test_fallback_spends_the_platforms_first_and_then_the_consumers_own(usual: Plane) -> None:
    await bring(
        usual,
        document("ada", "FALLBACK", own(usual, "ada", "gamma", models=["pair"])),
        secrets={ref("ada", "gamma"): "OWN-ADA"},
    )
    for name in ("alpha", "beta"):
        usual.upstreams[name].usual = reply(503)

    answered = await ask(usual, "ada", "pair")

    assert answered.status == 200
    assert keys(usual.upstreams["beta"].received) == ["KEY-BETA"]
    assert keys(usual.upstreams["alpha"].received) == ["Bearer KEY-ALPHA"]
    (last,) = usual.upstreams["gamma"].received
    assert (last.header("authorization"), last.header("api-key")) == ("Bearer OWN-ADA", None)


async def test_the_internal_mark_never_reaches_the_client(usual: Plane) -> None:
    await bring(
        usual,
        document("ada", "EXCLUSIVE", own(usual, "ada", "alpha")),
        secrets={ref("ada", "alpha"): "OWN-ADA"},
    )

    answered = await ask(usual, "ada")

    assert not [name for name in answered.headers if "agentrouter" in name]


async def test_a_place_of_ones_own_gets_the_key_and_nobody_else_does(usual: Plane) -> None:
    backend = own(usual, "ada", "gamma", base_url=f"{origin_of(usual, 'gamma')}/mine/v1", models=["fast"])
    await bring(usual, document("ada", "EXCLUSIVE", backend), secrets={ref("ada", "gamma"): "OWN-ADA"})

    answered = await ask(usual, "ada")

    assert answered.status == 200
    (received,) = usual.upstreams["gamma"].received
    assert (received.target, received.header("authorization")) == ("/mine/v1/chat/completions", "Bearer OWN-ADA")
    assert not usual.upstreams["alpha"].received


async def test_several_of_ones_own_are_tried_by_priority(usual: Plane) -> None:
    backends = [own(usual, "ada", name, models=["fast"], priority=rank) for rank, name in ((2, "alpha"), (1, "gamma"))]
    await bring(
        usual,
        document("ada", "EXCLUSIVE", *backends),
        secrets={ref("ada", "alpha"): "OWN-1", ref("ada", "gamma"): "OWN-2"},
    )
    usual.upstreams["gamma"].usual = reply(500)

    answered = await ask(usual, "ada")

    assert answered.status == 200
    assert keys(usual.upstreams["gamma"].received) == ["Bearer OWN-2"]
    assert keys(usual.upstreams["alpha"].received) == ["Bearer OWN-1"]


async def test_a_key_that_has_not_come_fails_closed_and_comes_to_life(usual: Plane) -> None:
    late = document("ada", "EXCLUSIVE", own(usual, "ada", "alpha"))
    await bring(usual, late, secrets={})

    before = await ask(usual, "ada")
    assert not usual.upstreams["alpha"].received
    await bring(usual, secrets={ref("ada", "alpha"): "OWN-LATE"})
    after = await ask(usual, "ada")

    assert (before.status, before.error["code"], after.status) == (503, "upstream_unavailable", 200)
    assert keys(usual.upstreams["alpha"].received) == ["Bearer OWN-LATE"]


async def test_a_rotation_drops_no_request_and_changes_one_consumers_resources(usual: Plane) -> None:
    user = "ada"
    await bring(usual, document(user, "EXCLUSIVE", own(usual, user, "alpha")), secrets={ref(user, "alpha"): "OWN-1"})
    before, answers, rotated = usual.compiled.resources, [], asyncio.Event()

    async def keep_asking() -> None:
        while not rotated.is_set():
            answers.append((await ask(usual, user)).status)

    asking = asyncio.create_task(keep_asking())
    for version in range(2, 8):
        moved = document(user, "EXCLUSIVE", own(usual, user, "alpha", version=version), version=version)
        await bring(usual, moved, secrets={ref(user, "alpha", version): f"OWN-{version}"})
    rotated.set()
    await asking
    await ask(usual, user)

    changed, removed = before.diff(usual.compiled.resources)
    assert set(answers) == {200}
    assert {one.slot for one in changed} == {"config/ada"}
    assert (len(changed), removed) == (2, ())
    seen = keys(usual.upstreams["alpha"].received)
    assert set(seen) <= {f"Bearer OWN-{version}" for version in range(1, 8)}
    assert seen[-1] == "Bearer OWN-7"


async def test_a_key_is_not_sent_where_the_workspace_has_moved_the_provider(usual: Plane) -> None:
    stale = own(usual, "ada", "alpha")
    stale["credential"]["origin"] = "https://where-it-was.example:443"
    await bring(usual, document("ada", "EXCLUSIVE", stale), secrets={ref("ada", "alpha"): "OWN-ADA"})

    answered = await ask(usual, "ada")

    assert answered.status == 404
    assert not usual.upstreams["alpha"].received
    assert [one.what for one in usual.compiled.left_out if one.user_id == "ada"] == ["backend alpha"]


async def test_without_its_backends_a_consumer_is_the_platforms_again(usual: Plane) -> None:
    await bring(
        usual,
        document("ada", "EXCLUSIVE", own(usual, "ada", "alpha")),
        secrets={ref("ada", "alpha"): "OWN-ADA"},
    )

    await bring(usual, consumer("ada", 2), secrets={})
    await ask(usual, "ada")

    assert keys(usual.upstreams["alpha"].received) == ["Bearer KEY-ALPHA"]
    assert not [name for _, name in usual.compiled.resources if "byok" in name]


async def test_no_key_can_be_read_from_envoys_configuration(usual: Plane) -> None:
    await bring(
        usual,
        document("ada", "EXCLUSIVE", own(usual, "ada", "alpha")),
        secrets={ref("ada", "alpha"): "OWN-CANARY"},
    )
    await ask(usual, "ada")

    dump = await usual.everything_envoy_shows()

    assert "byok/ada/alpha" in dump
    assert "OWN-CANARY" not in dump
