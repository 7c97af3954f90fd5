"""Consumer keys: `sk-` and a JWT signed with the workspace's gatekeeper key, whose public half the data planes hold."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract.consumer_keys import CONSUMER_KEY_ALGORITHM, CONSUMER_KEY_ISSUER, CONSUMER_KEY_PREFIX
from controlplane.services.ports import NewGatekeeperKey

DEFAULT_LIFETIME: Final = timedelta(days=365)


def new_gatekeeper_key(random: Callable[[int], bytes]) -> NewGatekeeperKey:
    """The `kid` is taken from the public key, so that two keys never share one."""
    private = random(32)
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    kid = f"gk-{_base64url(hashlib.sha256(public).digest()[:12])}"
    public_jwk = {
        "alg": CONSUMER_KEY_ALGORITHM,
        "crv": "Ed25519",
        "kid": kid,
        "kty": "OKP",
        "use": "sig",
        "x": _base64url(public),
    }
    return NewGatekeeperKey(kid, private, _canonical_json(public_jwk))


def jwks(public_jwks: Iterable[bytes]) -> bytes:
    """The key set of `NewGatekeeperKey.public_jwk`s: in any order they give the same bytes, hence the same digest."""
    keys = sorted((json.loads(jwk) for jwk in public_jwks), key=lambda jwk: str(jwk["kid"]))
    return _canonical_json({"keys": keys})


def issue_consumer_key(
    private: bytes,
    kid: str,
    *,
    workspace_id: str,
    consumer_id: str,
    jti: str,
    now: datetime,
    lifetime: timedelta = DEFAULT_LIFETIME,
) -> str:
    """`sk-` and a JWT good in `workspace_id` from `now` (aware) for `lifetime` (positive whole seconds).

    It always expires; until then only a revocation of its `jti` ends it. Raises ValueError.
    """
    seconds = int(lifetime.total_seconds())
    if seconds <= 0:
        raise ValueError("lifetime must be at least a second: consumer keys always expire")
    if now.tzinfo is None:
        raise ValueError("now must be an aware time (UTC)")
    issued = int(now.timestamp())
    claims = {
        "iss": CONSUMER_KEY_ISSUER,
        "aud": workspace_id,
        "sub": consumer_id,
        "jti": jti,
        "iat": issued,
        "exp": issued + seconds,
    }
    key = Ed25519PrivateKey.from_private_bytes(private)
    return CONSUMER_KEY_PREFIX + jwt.encode(claims, key, algorithm=CONSUMER_KEY_ALGORITHM, headers={"kid": kid})


def _canonical_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
