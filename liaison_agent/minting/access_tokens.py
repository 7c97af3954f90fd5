"""An access token as a token endpoint gives it, read strictly; or why there is none, without a word that was sent."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

UNTOLD_LIFETIME: Final = timedelta(minutes=5)  # the server may leave it out; then it is believed for this long
_LONGEST_LIFETIME: Final = timedelta(days=1)
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")

# RFC 6749 section 5.2. Any other text might be an echo of what was sent, and is not passed on.
_CODES: Final = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)


class MintError(Exception):
    """There is no token this time; the message is safe to show. `refused`: the endpoint understood and said no, so that
    asking the same again soon helps nobody."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What is presented as `Bearer …`, and for how long it is good from when it was asked for."""

    value: str = field(repr=False)
    lifetime: timedelta


def read_token(host: str, status: int, body: bytes) -> AccessToken:
    """The endpoint's answer (RFC 6749 section 5). `host` is named in errors. Raises MintError."""
    found = _object(body)
    if status != 200:
        code = found.get("error")
        named = f" ({code})" if isinstance(code, str) and code in _CODES else ""
        moved = ", a redirect, which is not followed" if 300 <= status < 400 else ""
        refused = 300 <= status < 500 and status not in (408, 425, 429)
        raise MintError(f"{host} answered {status}{named}{moved}", refused=refused)
    value, kind = found.get("access_token"), found.get("token_type", "Bearer")
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise MintError(f"{host} answered 200 without an access token that can stand in a header")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise MintError(f"{host} gives tokens of another type than Bearer", refused=True)
    return AccessToken(value, _lifetime(host, found.get("expires_in")))


def _lifetime(host: str, told: object) -> timedelta:
    if told is None:
        return UNTOLD_LIFETIME
    try:
        seconds = float(str(told))
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise MintError(f"{host} answered with a token that has no time left")
    return timedelta(seconds=min(seconds, _LONGEST_LIFETIME.total_seconds()))


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
