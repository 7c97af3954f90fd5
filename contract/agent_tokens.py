"""A data plane's service-account token: a short-lived JWT that the agent signs with its own Ed25519 key."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNING_ALGORITHM: Final = "EdDSA"
CONTROL_PLANE_AUDIENCE: Final = "agentrouter"
AGENT_TOKEN_LIFETIME: Final = timedelta(minutes=5)
MAX_AGENT_TOKEN_LIFETIME: Final = timedelta(minutes=10)
MAX_AGENT_TOKEN_CHARACTERS: Final = 4096

_KID: Final = re.compile(r"instance-(?P<id>[A-Za-z0-9._-]{1,128})")


def make_agent_token(
    signing_key: Ed25519PrivateKey,
    *,
    dataplane_id: str,
    workspace_id: str,
    now: datetime,
    audience: str = CONTROL_PLANE_AUDIENCE,
    lifetime: timedelta = AGENT_TOKEN_LIFETIME,
) -> str:
    """A token valid from `now` (aware) for `lifetime` (whole seconds; the control plane refuses more than 10 min).

    Raises ValueError for a naive time or a data plane id that cannot stand in a `kid`.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware time (UTC)")
    kid = f"instance-{dataplane_id}"
    if not _KID.fullmatch(kid):
        raise ValueError("a data plane's id is 1-128 letters, digits, '.', '_' or '-'")
    issued = int(now.timestamp())
    claims = {
        "iss": dataplane_id,
        "sub": dataplane_id,
        "aud": audience,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "workspace_id": workspace_id,
    }
    return jwt.encode(claims, signing_key, algorithm=SIGNING_ALGORITHM, headers={"kid": kid})


def dataplane_of(token: str) -> str | None:
    """Whose token this claims to be, unverified: only good for looking up the key to verify it with.

    None if it is no JWT, too long, or its `kid` names no data plane.
    """
    if len(token) > MAX_AGENT_TOKEN_CHARACTERS:
        return None
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except (jwt.InvalidTokenError, ValueError):  # ValueError: text that is not UTF-8 encodable
        return None
    found = _KID.fullmatch(kid) if isinstance(kid, str) else None
    return found["id"] if found else None
