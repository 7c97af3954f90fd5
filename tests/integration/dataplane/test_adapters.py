"""LoRA adapters and shared places on a real Envoy: whom a name reaches, and what the place hears it called."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from contract import own_secret_name
from tests.fakes.compiling import configuration, consumer
from tests.integration.dataplane.plane import Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def usual(plane: Plane) -> AsyncIterator[Plane]:
    """The plane, brought back to its usual documents afterwards."""
    before = plane.desired
    yield plane
    await plane.apply(configurations=before.configurations, secrets=before.secrets)


async def bring(plane: Plane, models: list[dict[str, Any]], loras: dict[str, list[str]], **consumers: Any) -> None:
    """The usual workspace document with these models besides, and consumers besides the usual ones."""
    document = json.loads(plane.desired.configurations[""].document)
    document["providers"]["models"] += models
    document["routing"]["modelCards"] += [
        {"name": model["name"], "loras": [{"name": name} for name in loras.get(model["name"], [])]} for model in models
    ]
    own = {name: consumer(name, **fields) for name, fields in consumers.items()}
    await plane.apply(
        configurations={**plane.desired.configurations, "": configuration("", document, 2), **own},
    )


def vllm(plane: Plane, upstream: str = "gamma") -> dict[str, Any]:
    return {"name": upstream, "endpoint": f"127.0.0.1:{plane.upstreams[upstream].port}", "type": "vllm"}


def asked_for(plane: Plane, upstream: str) -> list[str]:
    return [json.loads(one.body)["model"] for one in plane.upstreams[upstream].received]


async def test_an_adapter_is_served_by_its_models_place_under_its_own_name(usual: Plane) -> None:
    base = {"name": "base", "provider_model_id": "org/base", "backend_refs": [vllm(usual)]}
    await bring(usual, [base], {"base": ["sql", "law/eu"]})

    answers = [await usual.chat({"model": name}) for name in ("base", "sql", "law/eu")]

    assert [one.status for one in answers] == [200] * 3
    assert asked_for(usual, "gamma") == ["org/base", "sql", "law/eu"]


async def test_adapters_are_listed_behind_their_model(usual: Plane) -> None:
    await bring(usual, [{"name": "base", "backend_refs": [vllm(usual)]}], {"base": ["sql", "law"]})

    listed = json.loads((await usual.get("/v1/models")).body)["data"]
    shown = await usual.get("/v1/models/sql")

    assert [model["id"] for model in listed][-3:] == ["base", "sql", "law"]
    assert json.loads(shown.body)["id"] == "sql"


async def test_a_consumer_with_a_list_has_the_adapters_that_are_on_it(usual: Plane) -> None:
    base = {"name": "base", "backend_refs": [vllm(usual)]}
    await bring(usual, [base], {"base": ["sql", "law"]}, lister={"models": ["base", "law"]})
    key = usual.key.sign("lister")

    listed = json.loads((await usual.get("/v1/models", key)).body)["data"]
    answers = [await usual.chat({"model": name}, key) for name in ("law", "sql")]

    assert [model["id"] for model in listed] == ["base", "law"]
    assert [one.status for one in answers] == [200, 404]


async def test_an_adapter_fails_over_as_its_model_does(usual: Plane) -> None:
    lost = {**vllm(usual), "name": "lost", "endpoint": "127.0.0.1:9", "weight": 9}
    await bring(usual, [{"name": "base", "backend_refs": [lost, vllm(usual)]}], {"base": ["sql"]})

    answered = await usual.chat({"model": "sql"})

    assert answered.status == 200
    assert asked_for(usual, "gamma") == ["sql"]


async def test_several_models_share_one_place_each_under_the_name_it_has_there(usual: Plane) -> None:
    models: list[dict[str, Any]] = [
        {"name": "large", "provider_model_id": "org/large", "backend_refs": [vllm(usual)]},
        {"name": "small", "external_model_ids": {"vllm": "small-awq"}, "backend_refs": [vllm(usual)]},
        {"name": "as-is", "backend_refs": [vllm(usual)]},
    ]
    await bring(usual, models, {})

    answers = [await usual.chat({"model": name}) for name in ("large", "small", "as-is", "large")]

    assert [one.status for one in answers] == [200] * 4
    assert asked_for(usual, "gamma") == ["org/large", "small-awq", "as-is", "org/large"]
    assert len({one.upstream.name for model in usual_models(usual, "large", "small") for one in model}) == 1


def usual_models(plane: Plane, *names: str) -> list[tuple[Any, ...]]:
    """The candidates of these models, as the gateway has them."""
    assert plane.compiled.origin is not None
    return [model.candidates for model in plane.compiled.origin.gateway.models if model.name in names]


@pytest.mark.parametrize(
    ("mode", "key"), [("EXCLUSIVE", "Bearer OWN"), ("PREFERRED", "Bearer OWN"), ("FALLBACK", "Bearer KEY-ALPHA")]
)
async def test_own_and_platform_keys_stand_side_by_side_for_an_adapter(usual: Plane, mode: str, key: str) -> None:
    origin = f"http://127.0.0.1:{usual.upstreams['alpha'].port}"
    alpha = {"name": "alpha", "base_url": f"{origin}/v1", "api_key": "secret://alpha@1"}
    ref = f"secret://{own_secret_name('ada', 'alpha')}@1"
    own = {
        "name": "alpha",
        "provider": "alpha",
        "credential": {"kind": "api_key", "ref": ref, "origin": origin},
    }
    await bring(
        usual,
        [{"name": "base", "provider_model_id": "org/base", "backend_refs": [alpha]}],
        {"base": ["sql"]},
        ada={"mode": mode, "backends": [own]},
    )
    await usual.apply(secrets={**usual.desired.secrets, ref: "OWN"})

    ada = await usual.chat({"model": "sql"}, usual.key.sign("ada"))
    everyone = await usual.chat({"model": "sql"})

    assert (ada.status, everyone.status) == (200, 200)
    assert asked_for(usual, "alpha") == ["sql", "sql"]
    assert [one.header("authorization") for one in usual.upstreams["alpha"].received] == [key, "Bearer KEY-ALPHA"]
