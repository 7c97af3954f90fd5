"""The shape of a join token, which the control plane makes and the agent reads: `jt-<secret>[.<CA fingerprint>]`."""

from __future__ import annotations

import re
from typing import Final

JOIN_PREFIX: Final = "jt-"

_SHAPE: Final = re.compile(r"jt-[A-Za-z0-9_-]{43}(?:\.(?P<ca>[0-9a-f]{64}))?")


def looks_like_join_token(text: str) -> bool:
    """By its shape alone; whether it is known and unused only the control plane can say."""
    return _SHAPE.fullmatch(text) is not None


def ca_fingerprint_of(join_token: str) -> str | None:
    """sha256 (64 hex) of the control plane's CA certificate in DER; None if the token carries none or is no token."""
    found = _SHAPE.fullmatch(join_token)
    return found["ca"] if found else None
