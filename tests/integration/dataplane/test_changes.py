"""Changes under steady load: every kind of change takes effect while not one request fails."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from liaison_agent.state import Configuration
from tests.fakes.compiling import configuration, consumer
from tests.integration.dataplane.plane import Plane, SigningKey, jwks_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def steady_load(plane: Plane) -> AsyncIterator[Counter[tuple[str, int]]]:
    """Two consumers ask without a pause; counts their answers by consumer and status."""
    seen: Counter[tuple[str, int]] = Counter()
    over = asyncio.Event()

    async def ask(user: str) -> None:
        key = plane.key.sign(user)
        while not over.is_set():
            seen[user, (await plane.chat({"model": "open"}, key)).status] += 1

    asking = [asyncio.create_task(ask(user)) for user in ("everyone", "narrow") for _ in range(3)]
    try:
        yield seen
    finally:
        over.set()
        await asyncio.gather(*asking)


async def more(seen: Counter[tuple[str, int]]) -> None:
    """Wait until every consumer has been answered some more times."""
    before = seen.copy()
    while any(seen[user, 200] < before[user, 200] + 10 for user in ("everyone", "narrow")):
        await asyncio.sleep(0)
        assert {status for _, status in seen} <= {200}


def changed_workspace(plane: Plane, change: Callable[[dict[str, Any]], None], version: int) -> dict[str, Configuration]:
    document = json.loads(plane.desired.configurations[""].document)
    change(document)
    return {**plane.desired.configurations, "": configuration("", document, version)}


def rename_upstream_model(document: dict[str, Any]) -> None:
    document["providers"]["models"][0]["provider_model_id"] = "another"


def move_to_alpha(document: dict[str, Any]) -> None:
    for model in document["providers"]["models"]:
        if model["name"] == "open":
            model["backend_refs"] = document["providers"]["models"][0]["backend_refs"][:1]


def drop_gamma(document: dict[str, Any]) -> None:
    for model in document["providers"]["models"]:
        model["backend_refs"] = [one for one in model["backend_refs"] if one["name"] != "gamma"]
        if model["name"] == "open":
            model["backend_refs"] = [document["providers"]["models"][0]["backend_refs"][0]]


async def test_no_request_fails_while_models_and_providers_change(plane: Plane) -> None:
    usual = plane.desired.configurations
    async with steady_load(plane) as seen:
        for version, change in enumerate((rename_upstream_model, move_to_alpha, drop_gamma), start=2):
            await plane.apply(configurations=changed_workspace(plane, change, version))
            await more(seen)
        alpha_serves = len(plane.upstreams["alpha"].received)
        await plane.apply(configurations=usual)
        await more(seen)

    assert {status for _, status in seen} == {200}
    assert alpha_serves > 0


@pytest.mark.parametrize("way", ["short", "whole"])
async def test_no_request_fails_while_a_consumers_rights_change(plane: Plane, way: str) -> None:
    async def become(version: int, models: list[str]) -> None:
        changed = consumer("narrow", version, models=models)
        if way == "short":
            await plane.apply_consumer(changed, "narrow")
        else:
            await plane.apply(configurations={**plane.desired.configurations, "narrow": changed})

    async with steady_load(plane) as seen:
        for version, models in enumerate((["open", "fast"], [], ["open"], [], ["open", "not-there"]), start=2):
            await become(version, models)
            await more(seen)

    assert {status for _, status in seen} == {200}


async def test_no_request_fails_while_keys_and_secrets_rotate(plane: Plane) -> None:
    usual = plane.desired

    changes: list[dict[str, Any]] = []
    for number in range(3):
        changes.append({"jwks": jwks_of(plane.key, SigningKey(f"spare-{number}"))})
        changes.append({"secrets": {**usual.secrets, "secret://alpha@1": f"KEY-{number}"}})

    async with steady_load(plane) as seen:
        for change in changes:
            await plane.apply(**change)
            await more(seen)
        await plane.apply(jwks=usual.jwks, secrets=usual.secrets)

    assert {status for _, status in seen} == {200}


async def test_no_request_fails_while_consumers_come_and_go_in_numbers(plane: Plane) -> None:
    usual = plane.desired.configurations
    crowd = {f"c{n}": consumer(f"c{n}", models=["open"] if n % 2 else []) for n in range(200)}

    async with steady_load(plane) as seen:
        await plane.apply(configurations={**usual, **crowd})
        served = [(await plane.chat({"model": "open"}, plane.key.sign(user))).status for user in ("c0", "c199")]
        await more(seen)
        await plane.apply(configurations=usual)
        left = [(await plane.chat({"model": "open"}, plane.key.sign(user))).status for user in ("c0", "c199")]

    assert (served, left) == ([200, 200], [401, 401])
    assert {status for _, status in seen} == {200}
