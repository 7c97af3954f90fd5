"""Who gets in: every way to present a key that is accepted, and every key that is not."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable

import pytest

from tests.integration.dataplane.plane import Plane, SigningKey

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "present",
    [
        lambda key: {"authorization": f"Bearer {key}"},
        lambda key: {"authorization": f"bearer {key}"},
        lambda key: {"x-api-key": key},
    ],
    ids=["Bearer", "bearer", "x-api-key"],
)
async def test_a_key_is_accepted_in_each_place_that_clients_use(
    plane: Plane, present: Callable[[str], dict[str, str]]
) -> None:
    answered = await plane.request("POST", "/v1/chat/completions", present(plane.key.sign()), b'{"model":"open"}')

    assert answered.status == 200
    assert len(plane.upstreams["gamma"].received) == 1


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions", "/nowhere"])
async def test_a_request_without_a_key_is_told_that_it_has_none(plane: Plane, path: str) -> None:
    answered = await plane.request("GET", path)

    assert (answered.status, answered.error["code"]) == (401, "missing_api_key")


def _unsigned(key: SigningKey) -> str:
    def encode(part: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()

    claims = {"iss": "agentrouter", "aud": "ws-test", "sub": "everyone", "exp": int(time.time()) + 600}
    return f"sk-{encode({'alg': 'none', 'kid': key.kid})}.{encode(claims)}."


REFUSED: dict[str, Callable[[SigningKey], str]] = {
    "no token at all": lambda key: "sk-nonsense",
    "a vendor's own key": lambda key: "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
    "no sk-": lambda key: key.sign().removeprefix("sk-"),
    "tampered": lambda key: key.sign()[:-8] + "AAAAAAAA",
    "not signed": _unsigned,
    "expired": lambda key: key.sign(exp=int(time.time()) - 30),
    "without an end": lambda key: key.sign(exp=None),
    "not yet valid": lambda key: key.sign(nbf=int(time.time()) + 600),
    "another workspace's": lambda key: key.sign(aud="ws-other"),
    "for no workspace": lambda key: key.sign(aud=None),
    "another issuer's": lambda key: key.sign(iss="somebody"),
    "another signer's under our kid": lambda key: SigningKey(key.kid).sign(),
    "of an unknown kid": lambda key: key.sign(headers={"kid": "k9"}),
    "of a disabled consumer": lambda key: key.sign("off"),
    "of nobody we know": lambda key: key.sign("stranger"),
    "of nobody": lambda key: key.sign(sub=None),
    "of whoever keeps the shared routes loaded": lambda key: key.sign(" shared profile"),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/nowhere"])
async def test_a_bad_key_is_answered_alike_whatever_is_wrong_with_it(
    plane: Plane, make: Callable[[SigningKey], str], path: str
) -> None:
    answered = await plane.chat({"model": "open"}, make(plane.key), path)

    assert (answered.status, answered.error["code"]) == (401, "invalid_api_key")
    assert answered.error["message"] == "Incorrect API key provided."
    assert plane.upstreams["gamma"].received == []


async def test_one_bad_key_beside_a_good_one_is_refused(plane: Plane) -> None:
    answered = await plane.chat({"model": "open"}, x_api_key="sk-nonsense")

    assert (answered.status, answered.error["code"]) == (401, "invalid_api_key")


async def test_a_new_signing_key_enters_at_once_and_the_old_one_leaves_with_it(plane: Plane) -> None:
    old, new = plane.key, SigningKey("k2")
    try:
        await plane.apply(jwks=json.dumps({"keys": [old.jwk, new.jwk]}).encode())
        both = [(await plane.chat({"model": "open"}, key.sign())).status for key in (old, new)]
        await plane.apply(jwks=json.dumps({"keys": [new.jwk]}).encode())
        left = [(await plane.chat({"model": "open"}, key.sign())).status for key in (old, new)]
    finally:
        await plane.apply(jwks=json.dumps({"keys": [old.jwk]}).encode())

    assert both == [200, 200]
    assert left == [401, 200]


async def test_without_any_public_key_nobody_enters(plane: Plane) -> None:
    try:
        await plane.apply(jwks=b'{"keys":[]}')
        answered = await plane.chat({"model": "open"})
    finally:
        await plane.apply(jwks=json.dumps({"keys": [plane.key.jwk]}).encode())

    assert (answered.status, answered.error["code"]) == (401, "invalid_api_key")
