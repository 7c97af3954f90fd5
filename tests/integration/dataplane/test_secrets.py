"""Provider secrets: rotated alone, waited for, and nowhere to be read."""

from __future__ import annotations

import json

import pytest

from tests.fakes.compiling import configuration
from tests.integration.dataplane.plane import Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")


def rotated(plane: Plane, version: int) -> dict[str, object]:
    """The changes that bring the secret alpha to another version."""
    old = plane.desired.configurations[""]
    document = json.loads(old.document.replace(b"secret://alpha@1", b"secret://alpha@%d" % version))
    return {
        "configurations": {**plane.desired.configurations, "": configuration("", document, old.version + 1)},
        "secrets": {**plane.desired.secrets, f"secret://alpha@{version}": f"KEY-{version}"},
    }


async def test_a_rotation_pushes_the_secret_and_the_version_mark_and_nothing_else(plane: Plane) -> None:
    before, usual = plane.compiled.resources, plane.desired
    try:
        await plane.apply(**rotated(plane, 2))
        changed, removed = before.diff(plane.compiled.resources)
        await plane.chat({"model": "fast"})
    finally:
        await plane.apply(configurations=usual.configurations, secrets=usual.secrets)

    assert ([one.name for one in changed], removed) == (["workspace_version", "secret/alpha"], ())
    assert plane.upstreams["alpha"].received[0].header("authorization") == "Bearer KEY-2"


async def test_a_late_secret_brings_its_model_to_life(plane: Plane) -> None:
    usual = plane.desired
    before = await plane.chat({"model": "locked"})
    try:
        await plane.apply(secrets={**usual.secrets, "secret://undelivered@1": "KEY-LATE"})
        after = await plane.chat({"model": "locked"})
    finally:
        await plane.apply(secrets=usual.secrets)

    assert (before.status, after.status) == (503, 200)
    assert plane.upstreams["alpha"].received[0].header("authorization") == "Bearer KEY-LATE"


async def test_no_secret_can_be_read_from_the_access_log(plane: Plane) -> None:
    path = "/v1/chat/completions?api_key=in-the-query"
    asked = [await plane.chat({"model": model}, path=path) for model in ("fast", "nothing")]
    locked_out = await plane.chat({"model": "fast"}, "sk-nonsense", path)

    written = json.dumps(await plane.logged([*asked, locked_out]))

    assert not [word for word in ("KEY-", "in-the-query", "sk-", "eyJ") if word in written]


async def test_no_secret_can_be_read_from_envoys_configuration(plane: Plane) -> None:
    dump = await plane.everything_envoy_shows()

    assert "secret/alpha" in dump
    assert "KEY-" not in dump
