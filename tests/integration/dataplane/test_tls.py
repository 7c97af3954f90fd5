"""Providers over TLS: asked for by name, and believed only when their certificate bears it."""

from __future__ import annotations

import pytest

from tests.integration.dataplane.plane import Plane

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_provider_with_the_right_certificate_is_asked_by_its_name(plane: Plane) -> None:
    answered = await plane.chat({"model": "secure"})

    (received,) = plane.upstreams["secure"].received
    assert answered.status == 200
    assert plane.upstreams["secure"].server_names == ["localhost"]
    assert received.header("authorization") == "Bearer KEY-TLS"
    assert received.header("host") == f"localhost:{plane.upstreams['secure'].port}"


async def test_a_provider_whose_certificate_bears_another_name_gets_nothing(plane: Plane) -> None:
    answered = await plane.chat({"model": "impostor"})

    assert (answered.status, answered.error["code"]) == (503, "upstream_unavailable")
    assert plane.upstreams["secure"].received == []
