"""Opaque tokens: 256 random bits shown once; what is kept is their sha256, enough because nobody can guess them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final

from contract.join_tokens import JOIN_PREFIX, looks_like_join_token
from controlplane.services.ports import NewSecret

MANAGEMENT_KEY_PREFIX: Final = "ak-"

_SECRET_BYTES: Final = 32
_MANAGEMENT_KEY: Final = re.compile(r"ak-[A-Za-z0-9_-]{43}")
_CA_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


def new_management_key(random: Callable[[int], bytes]) -> NewSecret:
    """`ak-` and 43 characters."""
    return _new(MANAGEMENT_KEY_PREFIX + _secret(random))


def new_join_token(random: Callable[[int], bytes], *, ca_fingerprint: str | None = None) -> NewSecret:
    """`jt-` and 43 characters, then `.` and the sha256 (64 lower-case hex) of the control plane's CA, if one is given.

    Raises ValueError for another spelling of the fingerprint.
    """
    if ca_fingerprint is not None and not _CA_FINGERPRINT.fullmatch(ca_fingerprint):
        raise ValueError("ca_fingerprint must be the sha256 of the CA certificate: 64 lower-case hex characters")
    ending = f".{ca_fingerprint}" if ca_fingerprint else ""
    return _new(JOIN_PREFIX + _secret(random) + ending)


def hash_token(plaintext: str) -> str:
    """sha256 of the whole token, 64 lower-case hex. Only for tokens made here: what is guessable needs a slow hash."""
    return hashlib.sha256(plaintext.encode("utf-8", errors="surrogatepass")).hexdigest()


def token_matches(plaintext: str, stored_hash: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(hash_token(plaintext), stored_hash)


def looks_like_management_key(text: str) -> bool:
    """By its shape alone; tells it from a data plane's JWT before anything is looked up."""
    return _MANAGEMENT_KEY.fullmatch(text) is not None


def last_four(plaintext: str) -> str:
    """`…wXyZ`, what lists show so that an owner can tell keys apart; nothing of a value too short to lose four."""
    # all join tokens of one control plane end in the same fingerprint
    secret = plaintext.partition(".")[0] if looks_like_join_token(plaintext) else plaintext
    return f"…{secret[-4:]}" if len(secret) >= 16 else "…"


def _new(plaintext: str) -> NewSecret:
    return NewSecret(plaintext, hash_token(plaintext), last_four(plaintext))


def _secret(random: Callable[[int], bytes]) -> str:
    material = random(_SECRET_BYTES)
    if len(material) != _SECRET_BYTES:
        raise ValueError(f"random gave {len(material)} bytes where {_SECRET_BYTES} were asked for")
    return base64.urlsafe_b64encode(material).rstrip(b"=").decode()
