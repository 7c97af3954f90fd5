"""A data plane's token is taken when it is right in every way, refused with the one reason when it is not."""

import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract.agent_tokens import make_agent_token
from controlplane.domain.dataplanes import Dataplane
from controlplane.security.agent_auth import AgentVerifier, Refusal, TokenRefused
from controlplane.services import ports
from tests.fakes.agent_tokens import (
    KEY,
    NOW,
    OTHER_KEY,
    OTHER_PUBLIC,
    PUBLIC,
    STORED,
    base64url,
    new_dataplane,
    seconds,
    signed,
    signed_text,
)

SECOND = timedelta(seconds=1)


def refusal(token: str, stored: Dataplane | None = STORED, now: datetime = NOW) -> TokenRefused:
    with pytest.raises(TokenRefused) as refused:
        AgentVerifier().verify(token, stored, now)
    return refused.value


def test_the_agents_own_token_is_taken() -> None:
    token = make_agent_token(KEY, dataplane_id="dp-1", workspace_id="ws-1", now=NOW)

    AgentVerifier().verify(token, STORED, NOW)


def test_the_verifier_is_the_port_that_the_use_cases_ask() -> None:
    verifier: ports.AgentVerifier = AgentVerifier()

    assert verifier.dataplane_of(signed()) == "dp-1"
    assert verifier.dataplane_of("ak-x") is None


def test_a_token_with_the_least_claims_is_taken() -> None:
    AgentVerifier().verify(signed(), STORED, NOW)


def test_an_audience_may_be_one_of_a_list() -> None:
    AgentVerifier().verify(signed(aud=["elsewhere", "agentrouter"]), STORED, NOW)


def test_no_token_is_missing() -> None:
    assert refusal("").reason is Refusal.MISSING


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "..", "ak-" + "A" * 43, "\ud800", "é.é.é", signed() + ".x", signed() + "!", "x" * 5000]
)
def test_what_is_no_jwt_is_malformed(token: str) -> None:
    assert refusal(token).reason is Refusal.MALFORMED


def test_an_oversized_token_is_malformed() -> None:
    assert "longer than 4096" in str(refusal(signed(extra="x" * 4096)))


@pytest.mark.parametrize("kid", ["dp-1", "", "instance-", 7, None])
def test_a_kid_of_another_form_is_malformed(kid: Any) -> None:
    assert refusal(signed({"kid": kid})).reason is Refusal.MALFORMED


@pytest.mark.parametrize("stored", [None, new_dataplane("dp-2")])
def test_a_kid_that_is_not_the_stored_data_plane_is_an_unknown_key(stored: Dataplane | None) -> None:
    assert refusal(signed(), stored).reason is Refusal.UNKNOWN_KEY


def test_another_data_planes_kid_under_the_own_key_is_a_bad_signature() -> None:
    other = new_dataplane("dp-2", "ws-1", OTHER_PUBLIC)

    assert refusal(signed({"kid": "instance-dp-2"}), other).reason is Refusal.BAD_SIGNATURE


def test_a_token_signed_with_another_key_is_a_bad_signature() -> None:
    token = make_agent_token(OTHER_KEY, dataplane_id="dp-1", workspace_id="ws-1", now=NOW)

    assert refusal(token).reason is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_an_altered_part_is_a_bad_signature(part: int) -> None:
    parts = signed().split(".")
    parts[part] = {
        0: base64url(json.dumps({"alg": "EdDSA", "kid": "instance-dp-1", "typ": "JWT"}).encode()),
        1: base64url(json.dumps({"aud": "agentrouter", "iat": seconds(NOW), "exp": seconds(NOW) + 599}).encode()),
        2: base64url(bytes(64)),
    }[part]

    assert refusal(".".join(parts)).reason is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize("signature", ["", base64url(bytes(63)), base64url(bytes(65))])
def test_a_signature_of_another_length_is_a_bad_signature(signature: str) -> None:
    token = signed().rpartition(".")[0] + "." + signature

    assert refusal(token).reason is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
def test_an_unsigned_token_is_malformed(alg: str) -> None:
    token = signed({"alg": alg})

    assert refusal(token).reason is Refusal.MALFORMED
    assert refusal(token.rpartition(".")[0] + ".").reason is Refusal.MALFORMED


@pytest.mark.parametrize(
    "secret",
    [
        PUBLIC,
        base64url(PUBLIC).encode(),
        KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=["raw", "base64url", "der"],
)
def test_a_token_macd_with_the_public_key_is_malformed(secret: bytes) -> None:
    signing_input = signed({"alg": "HS256"}).rpartition(".")[0]
    mac = hmac.digest(secret, signing_input.encode(), "sha256")

    assert refusal(f"{signing_input}.{base64url(mac)}").reason is Refusal.MALFORMED


@pytest.mark.parametrize(
    "header", [{"alg": "ES256"}, {"alg": "Ed25519"}, {"alg": 7}, {"alg": None}, {"b64": False}, {"crit": ["x"]}]
)
def test_another_algorithm_or_an_unknown_extension_is_malformed(header: dict[str, Any]) -> None:
    assert refusal(signed(header)).reason is Refusal.MALFORMED


def test_a_key_that_the_token_brings_along_is_not_used() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url(OTHER_PUBLIC)}
    claims = {"aud": "agentrouter", "iat": seconds(NOW), "exp": seconds(NOW) + 300}
    token = jwt.encode(claims, OTHER_KEY, algorithm="EdDSA", headers={"kid": "instance-dp-1", "jwk": jwk})

    assert refusal(token).reason is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize("payload", ["[]", "7", "null", "", "{", "\u00e9", '{"aud":' + "[" * 1500])
def test_a_payload_that_is_no_object_is_malformed(payload: str) -> None:
    assert refusal(signed_text(payload)).reason is Refusal.MALFORMED


@pytest.mark.parametrize("aud", ["elsewhere", ["elsewhere"], [], None, 7, {"agentrouter": 1}, "agentrouter "])
def test_another_audience_is_malformed(aud: Any) -> None:
    assert "aud must be 'agentrouter'" in str(refusal(signed(aud=aud)))


@pytest.mark.parametrize("claim", ["aud", "iat", "exp"])
def test_a_missing_claim_is_malformed_and_named(claim: str) -> None:
    refused = refusal(signed(without=claim))

    assert refused.reason is Refusal.MALFORMED
    assert f"token's {claim} " in str(refused)


@pytest.mark.parametrize("claim", ["iss", "sub", "workspace_id"])
@pytest.mark.parametrize("value", ["canary", "", None, 7, ["dp-1", "ws-1"]])
def test_a_claim_that_differs_from_what_is_stored_is_malformed(claim: str, value: Any) -> None:
    refused = refusal(signed(**{claim: value}))

    assert refused.reason is Refusal.MALFORMED
    assert claim in str(refused)
    assert "canary" not in str(refused)


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["1", True, None, -1, 1e300, float("nan"), float("inf"), 10**400, [1]])
def test_a_time_that_is_none_is_malformed(claim: str, value: Any) -> None:
    assert refusal(signed(**{claim: value})).reason is Refusal.MALFORMED


@pytest.mark.parametrize("late", [timedelta(0), 59 * SECOND])
def test_an_expired_token_is_taken_within_the_leeway(late: timedelta) -> None:
    AgentVerifier().verify(signed(), STORED, NOW + timedelta(minutes=5) + late)


@pytest.mark.parametrize("late", [60 * SECOND, timedelta(days=1)])
def test_an_expired_token_is_refused_after_the_leeway_with_the_servers_time(late: timedelta) -> None:
    now = NOW + timedelta(minutes=5) + late

    refused = refusal(signed(), now=now)

    assert refused.reason is Refusal.EXPIRED
    assert refused.server_time == now
    assert datetime.fromisoformat(refused.metadata["server_time"]) == now


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_taken_within_the_leeway(claim: str) -> None:
    ahead: dict[str, Any] = {claim: seconds(NOW) + 60}
    AgentVerifier().verify(signed(**ahead), STORED, NOW)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused_beyond_the_leeway_with_the_servers_time(claim: str) -> None:
    ahead: dict[str, Any] = {claim: seconds(NOW) + 61}
    refused = refusal(signed(**ahead))

    assert refused.reason is Refusal.NOT_YET_VALID
    assert refused.server_time == NOW


def test_other_refusals_do_not_tell_the_servers_time() -> None:
    refused = refusal(signed(aud="elsewhere"))

    assert refused.server_time is None
    assert refused.metadata == {}


def test_a_token_may_live_ten_minutes() -> None:
    AgentVerifier().verify(signed(exp=seconds(NOW) + 600), STORED, NOW)


@pytest.mark.parametrize("lifetime", [601, 3600, 600.5])
def test_a_token_that_lives_longer_is_malformed(lifetime: float) -> None:
    assert "longer than 10 minutes" in str(refusal(signed(exp=seconds(NOW) + lifetime)))


@pytest.mark.parametrize("lifetime", [0, -1])
def test_a_token_that_ends_before_it_begins_is_malformed(lifetime: int) -> None:
    assert refusal(signed(exp=seconds(NOW) + lifetime)).reason is Refusal.MALFORMED


def test_a_bad_signature_is_said_before_anything_about_claims() -> None:
    token = make_agent_token(
        OTHER_KEY, dataplane_id="dp-1", workspace_id="ws-2", now=NOW - timedelta(days=1), audience="x"
    )

    assert refusal(token).reason is Refusal.BAD_SIGNATURE


def test_no_refusal_repeats_the_token() -> None:
    token = signed(aud="elsewhere")
    refused = refusal(token)

    assert refused.__cause__ is None
    for part in token.split("."):
        assert part not in repr(refused)
