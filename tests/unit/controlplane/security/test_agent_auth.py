"""A data plane's token is taken when it is right in every way, refused with the one reason when it is not."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract.agent_tokens import make_agent_token
from controlplane.security.agent_auth import AgentAuthenticator, KnownDataplane, Refusal, TokenRefused

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = KEY.public_key().public_bytes_raw()
STORED = KnownDataplane("dp-1", "ws-1", PUBLIC)


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def signed(header: dict[str, Any] | None = None, without: str = "", **claims: Any) -> str:
    """A token as the agent makes it, apart from what is given; signed with the data plane's key."""
    start = int(NOW.timestamp())
    payload = {"aud": "agentrouter", "iat": start, "exp": start + 300} | claims
    payload.pop(without, None)
    return signed_text(json.dumps(payload), header)


def signed_text(payload: str, header: dict[str, Any] | None = None) -> str:
    merged = {"alg": "EdDSA", "kid": "instance-dp-1"} | (header or {})
    signing_input = f"{base64url(json.dumps(merged).encode())}.{base64url(payload.encode())}"
    return f"{signing_input}.{base64url(KEY.sign(signing_input.encode()))}"


def refusal(token: str, stored: KnownDataplane | None = STORED, now: datetime = NOW) -> TokenRefused:
    with pytest.raises(TokenRefused) as refused:
        AgentAuthenticator().verify(token, stored, now)
    return refused.value


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def test_the_agents_own_token_is_taken() -> None:
    token = make_agent_token(KEY, dataplane_id="dp-1", workspace_id="ws-1", now=NOW)

    AgentAuthenticator().verify(token, STORED, NOW)


def test_a_token_with_the_least_claims_is_taken() -> None:
    AgentAuthenticator().verify(signed(), STORED, NOW)


def test_an_audience_may_be_one_of_a_list() -> None:
    AgentAuthenticator().verify(signed(aud=["elsewhere", "agentrouter"]), STORED, NOW)


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


@pytest.mark.parametrize("stored", [None, KnownDataplane("dp-2", "ws-1", PUBLIC)])
def test_a_kid_that_is_not_the_stored_data_plane_is_an_unknown_key(stored: KnownDataplane | None) -> None:
    assert refusal(signed(), stored).reason is Refusal.UNKNOWN_KEY


def test_another_data_planes_kid_under_the_own_key_is_a_bad_signature() -> None:
    other = KnownDataplane("dp-2", "ws-1", OTHER_KEY.public_key().public_bytes_raw())

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
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url(OTHER_KEY.public_key().public_bytes_raw())}
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
    AgentAuthenticator().verify(signed(), STORED, NOW + timedelta(minutes=5) + late)


@pytest.mark.parametrize("late", [60 * SECOND, timedelta(days=1)])
def test_an_expired_token_is_refused_after_the_leeway_with_the_servers_time(late: timedelta) -> None:
    now = NOW + timedelta(minutes=5) + late

    refused = refusal(signed(), now=now)

    assert refused.reason is Refusal.EXPIRED
    assert refused.server_time == now


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_taken_within_the_leeway(claim: str) -> None:
    ahead: dict[str, Any] = {claim: seconds(NOW) + 60}
    AgentAuthenticator().verify(signed(**ahead), STORED, NOW)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused_beyond_the_leeway_with_the_servers_time(claim: str) -> None:
    ahead: dict[str, Any] = {claim: seconds(NOW) + 61}
    refused = refusal(signed(**ahead))

    assert refused.reason is Refusal.NOT_YET_VALID
    assert refused.server_time == NOW


def test_other_refusals_do_not_tell_the_servers_time() -> None:
    assert refusal(signed(aud="elsewhere")).server_time is None


def test_a_token_may_live_ten_minutes() -> None:
    AgentAuthenticator().verify(signed(exp=seconds(NOW) + 600), STORED, NOW)


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


# What is remembered


def test_a_token_used_again_is_remembered_once() -> None:
    authenticator, token = AgentAuthenticator(), signed()

    for _ in range(3):
        authenticator.verify(token, STORED, NOW)

    assert authenticator.remembered() == 1


def test_a_refused_token_is_not_remembered() -> None:
    authenticator = AgentAuthenticator()
    with pytest.raises(TokenRefused):
        authenticator.verify(signed(aud="elsewhere"), STORED, NOW)

    assert authenticator.remembered() == 0


def test_the_signature_of_a_remembered_token_is_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator, token = AgentAuthenticator(), signed()
    authenticator.verify(token, STORED, NOW)
    monkeypatch.setattr("controlplane.security.agent_auth._verify_signature", None)

    authenticator.verify(token, STORED, NOW + timedelta(minutes=4))


def test_a_forgotten_data_planes_token_is_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator, token = AgentAuthenticator(), signed()
    authenticator.verify(token, STORED, NOW)
    authenticator.forget("dp-1")
    authenticator.forget("never seen")
    monkeypatch.setattr("controlplane.security.agent_auth._verify_signature", None)

    assert authenticator.remembered() == 0
    with pytest.raises(TypeError, match="not callable"):
        authenticator.verify(token, STORED, NOW)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (KnownDataplane("dp-1", "ws-1", OTHER_KEY.public_key().public_bytes_raw()), Refusal.BAD_SIGNATURE),
        (KnownDataplane("dp-1", "ws-2", PUBLIC), Refusal.MALFORMED),
        (None, Refusal.UNKNOWN_KEY),
    ],
)
def test_a_remembered_token_does_not_outlive_what_is_stored(stored: KnownDataplane | None, reason: Refusal) -> None:
    authenticator, token = AgentAuthenticator(), signed(workspace_id="ws-1")
    authenticator.verify(token, STORED, NOW)

    with pytest.raises(TokenRefused) as refused:
        authenticator.verify(token, stored, NOW)
    assert refused.value.reason is reason


def test_a_remembered_token_expires_like_any_other() -> None:
    authenticator, token = AgentAuthenticator(), signed()
    authenticator.verify(token, STORED, NOW)

    with pytest.raises(TokenRefused) as refused:
        authenticator.verify(token, STORED, NOW + timedelta(minutes=6))
    assert refused.value.reason is Refusal.EXPIRED


def test_a_remembered_token_is_not_valid_before_its_time_when_the_clock_goes_back() -> None:
    authenticator, token = AgentAuthenticator(), signed()
    authenticator.verify(token, STORED, NOW)

    with pytest.raises(TokenRefused) as refused:
        authenticator.verify(token, STORED, NOW - timedelta(minutes=2))
    assert refused.value.reason is Refusal.NOT_YET_VALID


def test_one_data_plane_takes_no_more_than_its_share() -> None:
    authenticator = AgentAuthenticator()
    for number in range(20):
        authenticator.verify(signed(number=number), STORED, NOW)

    assert authenticator.remembered() == 4


def test_expired_tokens_make_room_first() -> None:
    authenticator = AgentAuthenticator()
    for number in range(3):
        authenticator.verify(signed(number=number), STORED, NOW)

    later = NOW + timedelta(minutes=5)
    authenticator.verify(signed(iat=seconds(later), exp=seconds(later) + 300), STORED, later)

    assert authenticator.remembered() == 1


def test_the_longest_unused_data_plane_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator = AgentAuthenticator(max_dataplanes=2)
    planes = {name: (signed({"kid": f"instance-{name}"}), KnownDataplane(name, "ws-1", PUBLIC)) for name in "abc"}
    for name in "abac":
        authenticator.verify(*planes[name], NOW)

    assert authenticator.remembered() == 2
    monkeypatch.setattr("controlplane.security.agent_auth._verify_signature", None)
    authenticator.verify(*planes["a"], NOW)
    authenticator.verify(*planes["c"], NOW)
