"""Revoked keys and retired signing keys: refused from the moment the change is applied, and nobody else is."""

from __future__ import annotations

import pytest

from tests.integration.dataplane.plane import Plane, SigningKey, jwks_of
from tests.integration.dataplane.test_changes import more, steady_load

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPEN = {"model": "open"}


async def test_a_revoked_key_is_refused_by_the_next_request_like_any_bad_key(plane: Plane) -> None:
    lost, good = plane.key.sign(jti="ck_lost"), plane.key.sign(jti="ck_good")
    assert (await plane.chat(OPEN, lost)).status == 200

    await plane.apply(revoked=frozenset({"ck_lost"}))

    refused = await plane.chat(OPEN, lost)
    assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
    assert (await plane.get("/v1/models", lost)).status == 401
    assert (await plane.chat(OPEN, good)).status == 200


async def test_a_client_cannot_name_its_keys_id_itself(plane: Plane) -> None:
    await plane.apply(revoked=frozenset({"ck_lost"}))

    refused = await plane.chat(OPEN, plane.key.sign(jti="ck_lost"), **{"x-agentrouter-jti": "ck_good"})
    served = await plane.chat(OPEN, plane.key.sign(jti="ck_good"), **{"x-agentrouter-jti": "ck_lost"})

    assert (refused.status, served.status) == (401, 200)


async def test_one_of_fifty_thousand_revoked_keys_is_refused_and_nobody_else(plane: Plane) -> None:
    many = frozenset(f"ck_{number:026d}" for number in range(50_000))
    async with steady_load(plane) as seen:
        await plane.apply(revoked=many)
        await more(seen)
        await plane.apply(revoked=many | {"ck_last"})
        statuses = [
            (await plane.chat(OPEN, plane.key.sign(jti=jti))).status
            for jti in ("ck_last", f"ck_{0:026d}", f"ck_{49_999:026d}", f"ck_{50_000:026d}")
        ]
        await plane.apply(revoked=frozenset())
        await more(seen)

    assert statuses == [401, 401, 401, 200]
    assert {status for _, status in seen} == {200}


async def test_signing_keys_rotate_under_load_and_the_retired_one_is_refused(plane: Plane) -> None:
    usual, fresh = plane.desired.jwks, SigningKey("fresh")

    async with steady_load(plane) as seen:
        await plane.apply(jwks=jwks_of(plane.key, fresh))
        both = [(await plane.chat(OPEN, key.sign("everyone"))).status for key in (plane.key, fresh)]
        await more(seen)

    await plane.apply(jwks=jwks_of(fresh))
    after = [(await plane.chat(OPEN, key.sign("everyone"))).status for key in (plane.key, fresh)]
    await plane.apply(jwks=usual)

    assert (both, after) == ([200, 200], [401, 200])
    assert {status for _, status in seen} == {200}
