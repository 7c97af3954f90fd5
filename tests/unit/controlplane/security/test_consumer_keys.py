"""A consumer key is what Envoy is configured to take: EdDSA, one issuer, the workspace, a consumer, an end."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.types import Options

from contract.consumer_keys import CONSUMER_KEY_ISSUER
from controlplane.security.consumer_keys import issue_consumer_key, jwks, new_gatekeeper_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CANARY = b"canary--canary--canary--canary--"
GATEKEEPER = new_gatekeeper_key(lambda _: CANARY)


def issue(**changes: Any) -> str:
    given: dict[str, Any] = {"workspace_id": "ws-1", "consumer_id": "alice", "jti": "j-1", "now": NOW} | changes
    return issue_consumer_key(GATEKEEPER.private, GATEKEEPER.kid, **given)


def verified(key: str, keyset: bytes) -> dict[str, Any]:
    """Header and claims, checked as Envoy does: with the key of the set that the kid names."""
    token = key.removeprefix("sk-")
    kid = jwt.get_unverified_header(token)["kid"]
    jwk = next(jwk for jwk in jwt.PyJWKSet.from_json(keyset.decode()).keys if jwk.key_id == kid)
    unjudged: Options = {"verify_exp": False, "verify_iat": False}
    return jwt.api_jwt.decode_complete(
        token, jwk, algorithms=["EdDSA"], audience="ws-1", issuer=CONSUMER_KEY_ISSUER, options=unjudged
    )


def test_a_key_verifies_with_the_published_key_set_and_carries_its_claims() -> None:
    key = verified(issue(), jwks([GATEKEEPER.public_jwk]))

    assert key["header"] == {"alg": "EdDSA", "kid": GATEKEEPER.kid, "typ": "JWT"}
    assert key["payload"] == {
        "iss": "agentrouter",
        "aud": "ws-1",
        "sub": "alice",
        "jti": "j-1",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(days=365)).timestamp()),
    }


def test_a_key_is_sk_and_a_jwt_short_enough_for_a_header() -> None:
    ulid = "01JNABCDEFGHJKMNPQRSTVWXYZ"
    key = issue(workspace_id=f"ws_{ulid}", consumer_id="a-consumer-with-a-long-name", jti=ulid)

    assert key.startswith("sk-ey")
    assert key.count(".") == 2
    assert 250 < len(key) < 400


def test_a_lifetime_can_be_chosen() -> None:
    claims = verified(issue(lifetime=timedelta(hours=1)), jwks([GATEKEEPER.public_jwk]))["payload"]

    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(days=-1), timedelta(milliseconds=999)])
def test_a_key_without_a_life_is_refused(lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="at least a second"):
        issue(lifetime=lifetime)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        issue(now=NOW.replace(tzinfo=None))


def test_after_a_rotation_both_keys_verify() -> None:
    new = new_gatekeeper_key(lambda _: bytes(32))
    keyset = jwks([new.public_jwk, GATEKEEPER.public_jwk])
    newer = issue_consumer_key(new.private, new.kid, workspace_id="ws-1", consumer_id="alice", jti="j-2", now=NOW)

    assert verified(issue(), keyset)["payload"]["jti"] == "j-1"
    assert verified(newer, keyset)["payload"]["jti"] == "j-2"


def test_a_key_under_another_gatekeepers_kid_does_not_verify() -> None:
    other = new_gatekeeper_key(lambda _: bytes(32))
    forged = issue_consumer_key(
        other.private, GATEKEEPER.kid, workspace_id="ws-1", consumer_id="alice", jti="j", now=NOW
    )

    with pytest.raises(jwt.InvalidSignatureError):
        verified(forged, jwks([GATEKEEPER.public_jwk, other.public_jwk]))


def test_the_key_set_is_canonical_and_public() -> None:
    other = new_gatekeeper_key(lambda _: bytes(32))

    keyset = jwks([GATEKEEPER.public_jwk, other.public_jwk])

    assert keyset == jwks([other.public_jwk, GATEKEEPER.public_jwk])
    assert keyset == json.dumps(json.loads(keyset), sort_keys=True, separators=(",", ":")).encode()
    for jwk in json.loads(keyset)["keys"]:
        assert jwk.keys() == {"alg", "crv", "kid", "kty", "use", "x"}
        assert (jwk["alg"], jwk["crv"], jwk["kty"], jwk["use"]) == ("EdDSA", "Ed25519", "OKP", "sig")


def test_a_workspace_without_gatekeepers_has_an_empty_key_set() -> None:
    assert jwks([]) == b'{"keys":[]}'


def test_the_kid_follows_from_the_key() -> None:
    assert new_gatekeeper_key(lambda _: CANARY) == GATEKEEPER
    assert new_gatekeeper_key(lambda _: bytes(32)).kid != GATEKEEPER.kid
    assert Ed25519PrivateKey.from_private_bytes(GATEKEEPER.private).private_bytes_raw() == CANARY


def test_a_gatekeeper_key_does_not_show_its_private_half() -> None:
    for shown in (repr(GATEKEEPER), str(GATEKEEPER), repr([GATEKEEPER]), GATEKEEPER.public_jwk.decode()):
        assert "canary" not in shown
