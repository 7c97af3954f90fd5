"""Is this that data plane speaking: verifies its JWT under its stored Ed25519 key, once a token and not once a poll."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NoReturn

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract.agent_tokens import (
    CONTROL_PLANE_AUDIENCE,
    MAX_AGENT_TOKEN_CHARACTERS,
    MAX_AGENT_TOKEN_LIFETIME,
    SIGNING_ALGORITHM,
    dataplane_of,
)
from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.errors import Unauthenticated

LEEWAY: Final = timedelta(seconds=60)

_TOKENS_A_DATAPLANE: Final = 4
_LATEST: Final = datetime.max.replace(tzinfo=UTC).timestamp()


class Refusal(StrEnum):
    """Why a token was refused, in the words of the API's error reasons. None of them means revoked."""

    MISSING = "TOKEN_MISSING"
    MALFORMED = "TOKEN_MALFORMED"  # also: other algorithm, other audience, a claim that differs from what is stored
    EXPIRED = "TOKEN_EXPIRED"
    NOT_YET_VALID = "TOKEN_NOT_YET_VALID"
    UNKNOWN_KEY = "TOKEN_UNKNOWN_KEY"
    BAD_SIGNATURE = "TOKEN_BAD_SIGNATURE"


class TokenRefused(Unauthenticated):
    """`reason` is a Refusal. `server_time` comes with EXPIRED and NOT_YET_VALID only, as an attribute and in `metadata`
    (RFC 3339), so that an agent whose clock is wrong can correct its offset."""

    def __init__(self, reason: Refusal, message: str, server_time: datetime | None = None) -> None:
        metadata = {"server_time": server_time.isoformat()} if server_time else {}
        super().__init__(message, reason=reason, metadata=metadata)
        self.server_time = server_time


@dataclass(frozen=True, slots=True)
class _Verified:
    """When a token is good, and the three things of the data plane it was verified against."""

    dataplane_id: str
    workspace_id: str
    signing_key: bytes
    not_before: float
    expires: float

    def stands_for(self, dataplane: Dataplane) -> bool:
        stored = (dataplane.id, dataplane.workspace_id, dataplane.signing_key)
        return stored == (self.dataplane_id, self.workspace_id, self.signing_key)


class AgentVerifier:
    """Verifies tokens and remembers the verified ones until they expire: at most four a data plane (an agent uses one
    at a time), at most `max_dataplanes` data planes, the longest unused forgotten first."""

    def __init__(self, *, audience: str = CONTROL_PLANE_AUDIENCE, max_dataplanes: int = 200_000) -> None:
        self._audience = audience
        self._max_dataplanes = max_dataplanes
        self._verified: OrderedDict[str, dict[bytes, _Verified]] = OrderedDict()

    def dataplane_of(self, token: str) -> str | None:
        """Whose token it claims to be, unverified; None when it is no such token."""
        return dataplane_of(token)

    def verify(self, token: str, dataplane: Dataplane | None, now: datetime) -> None:
        """Return if `token` was signed by `dataplane` and is good at `now` (aware), else raise TokenRefused.

        `dataplane` is what is stored for `dataplane_of(token)`, None if nothing is. Remembering a token spares only its
        signature check: another stored key or workspace, or another time, is judged anew.
        """
        digest = hashlib.sha256(token.encode("utf-8", errors="surrogatepass")).digest()
        verified = self._recall(digest, dataplane) or self._verify_anew(token, dataplane)
        _check_time(verified, now)
        self._remember(digest, verified, now)

    def forget(self, dataplane_id: str) -> None:
        """Drop what is remembered of a data plane; for its revocation. Unknown is fine."""
        self._verified.pop(dataplane_id, None)

    def remembered(self) -> int:
        """How many tokens are held."""
        return sum(len(tokens) for tokens in self._verified.values())

    def _recall(self, digest: bytes, dataplane: Dataplane | None) -> _Verified | None:
        found = self._verified.get(dataplane.id, {}).get(digest) if dataplane else None
        return found if found and dataplane and found.stands_for(dataplane) else None

    def _verify_anew(self, token: str, dataplane: Dataplane | None) -> _Verified:
        """All but the time."""
        if not token:
            raise TokenRefused(Refusal.MISSING, "no token; send Authorization: Bearer <token>")
        claimed = dataplane_of(token)
        if claimed is None:
            _refuse_shape(token)
        if dataplane is None or claimed != dataplane.id:
            raise TokenRefused(Refusal.UNKNOWN_KEY, "the token's kid names no data plane known here")
        claims = _verify_signature(token, dataplane)
        self._check_claims(claims, dataplane)
        return _Verified(dataplane.id, dataplane.workspace_id, dataplane.signing_key, *_validity(claims))

    def _remember(self, digest: bytes, verified: _Verified, now: datetime) -> None:
        """Only verified tokens come here, so strangers cannot fill it, and one data plane not more than its share."""
        tokens = self._verified.setdefault(verified.dataplane_id, {})
        self._verified.move_to_end(verified.dataplane_id)
        if digest not in tokens:
            for old in [key for key, entry in tokens.items() if entry.expires <= now.timestamp()]:
                del tokens[old]
            while len(tokens) >= _TOKENS_A_DATAPLANE:
                del tokens[next(iter(tokens))]
        tokens[digest] = verified
        while len(self._verified) > self._max_dataplanes:
            self._verified.popitem(last=False)

    def _check_claims(self, claims: dict[str, Any], dataplane: Dataplane) -> None:
        audience = claims.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefused(Refusal.MALFORMED, f"the token's aud must be {self._audience!r}")
        stored = {"iss": dataplane.id, "sub": dataplane.id, "workspace_id": dataplane.workspace_id}
        for claim, value in stored.items():
            if claims.get(claim, value) != value:
                raise TokenRefused(Refusal.MALFORMED, f"the token's {claim} is not that of the enrolled data plane")


def _refuse_shape(token: str) -> NoReturn:
    """Say what is wrong with a token that names no data plane."""
    if len(token) > MAX_AGENT_TOKEN_CHARACTERS:
        raise TokenRefused(Refusal.MALFORMED, f"the token is longer than {MAX_AGENT_TOKEN_CHARACTERS} characters")
    raise TokenRefused(
        Refusal.MALFORMED,
        "this is neither a management key (ak-…) nor a data plane's token (a JWT with the header kid: instance-<data "
        "plane id>); consumer keys (sk-…) are for gateways, join tokens (jt-…) for enrolling",
    )


def _verify_signature(token: str, dataplane: Dataplane) -> dict[str, Any]:
    key = Ed25519PublicKey.from_public_bytes(dataplane.signing_key)
    try:
        payload = jwt.PyJWS().decode(token, key, algorithms=[SIGNING_ALGORITHM])
    except jwt.InvalidAlgorithmError:
        raise TokenRefused(Refusal.MALFORMED, f"the token's alg must be {SIGNING_ALGORITHM}") from None
    except jwt.InvalidSignatureError:
        raise TokenRefused(
            Refusal.BAD_SIGNATURE, "the token is not signed with the key this data plane enrolled with"
        ) from None
    except jwt.InvalidTokenError:
        raise TokenRefused(Refusal.MALFORMED, "the token is not a well-formed signed JWT") from None
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise TokenRefused(Refusal.MALFORMED, "the token's payload is not a JSON object")
    return claims


def _validity(claims: dict[str, Any]) -> tuple[float, float]:
    """(not before, expires) in seconds since 1970; a token must say when it was made and when it ends."""
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    not_before = _seconds(claims, "nbf") if "nbf" in claims else issued
    if expires <= issued:
        raise TokenRefused(Refusal.MALFORMED, "the token's exp must be after its iat")
    if expires - issued > MAX_AGENT_TOKEN_LIFETIME.total_seconds():
        raise TokenRefused(Refusal.MALFORMED, "the token lives longer than 10 minutes (exp - iat)")
    return max(issued, not_before), expires


def _seconds(claims: dict[str, Any], claim: str) -> float:
    value = claims.get(claim)
    # bool is an int to Python; NaN fails the comparison
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise TokenRefused(Refusal.MALFORMED, f"the token's {claim} is missing or no time in seconds since 1970")
    return float(value)


def _check_time(verified: _Verified, now: datetime) -> None:
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    if moment >= verified.expires + leeway:
        raise TokenRefused(Refusal.EXPIRED, f"the token has expired; server time is {now.isoformat()}", now)
    if moment < verified.not_before - leeway:
        raise TokenRefused(Refusal.NOT_YET_VALID, f"the token is not valid yet; server time is {now.isoformat()}", now)
