"""What a token endpoint answers, read strictly, and never repeated where it may hold what was sent."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from liaison_agent.minting.access_tokens import UNTOLD_LIFETIME, MintError, read_token

GOOD: dict[str, Any] = {"access_token": "abc.def", "token_type": "bearer", "expires_in": 60}


def read(status: int = 200, **changes: Any) -> Any:
    kept = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return read_token("idp.example", status, json.dumps(kept).encode())


@pytest.mark.parametrize(
    ("told", "lifetime"),
    [(60, 60), ("60", 60), (59.5, 59.5), (10**9, 86_400), (None, UNTOLD_LIFETIME.total_seconds())],
)
def test_a_token_is_good_for_as_long_as_the_server_says_within_a_day(told: object, lifetime: float) -> None:
    token = read(expires_in=told)

    assert (token.value, token.lifetime) == ("abc.def", timedelta(seconds=lifetime))
    assert "abc.def" not in repr(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": "two words"},
        {"access_token": "line\r\nx-injected: 1"},
        {"access_token": 7},
        {"token_type": "mac"},
        {"expires_in": 0},
        {"expires_in": "soon"},
        {"expires_in": float("nan")},
    ],
)
def test_what_is_no_token_that_can_be_presented_is_none(changes: dict[str, Any]) -> None:
    with pytest.raises(MintError, match=r"idp\.example"):
        read(**changes)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b'"text"', b"\xff"])
def test_what_is_no_json_object_holds_no_token(body: bytes) -> None:
    with pytest.raises(MintError):
        read_token("idp.example", 200, body)


@pytest.mark.parametrize(
    ("status", "refused"), [(400, True), (401, True), (302, True), (429, False), (500, False), (503, False)]
)
def test_a_refusal_is_told_from_a_failure(status: int, refused: bool) -> None:
    with pytest.raises(MintError) as failed:
        read(status)

    assert failed.value.refused is refused


def test_a_known_code_is_passed_on_and_no_other_word() -> None:
    with pytest.raises(MintError) as known:
        read(401, error="invalid_client", error_description="the secret s3cret is wrong")
    with pytest.raises(MintError) as echoed:
        read(401, error="s3cret")

    assert str(known.value) == "idp.example answered 401 (invalid_client)"
    assert str(echoed.value) == "idp.example answered 401"
