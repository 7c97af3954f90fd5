"""How a secret crosses from the control plane to one data plane: encrypted under the workspace's delivery key, which is
itself sealed to the data plane's X25519 key. The only randomness taken here, not given, is HPKE's ephemeral key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16

_FORMAT: Final = b"\x01"
_DELIVERY_LABEL: Final = b"agentrouter/delivery-key/v1"
_UPGRADE_LABEL: Final = b"agentrouter/upgrade-credentials/v1"
_SECRET_LABEL: Final = b"agentrouter/secret/v1"
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class SealError(Exception):
    """Something cannot be sealed or opened. The text names what and the way out, never a key or a plaintext."""


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """The key that a workspace's secrets are encrypted under while they travel.

    `id`: 1-64 of letters, digits, dot, underscore, hyphen. `key`: 32 bytes, never shown. Raises SealError.
    """

    id: str
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _KEY_ID.fullmatch(self.id):
            raise SealError("a delivery key's id is 1-64 letters, digits, '.', '_' or '-'")
        _check_length("a delivery key", self.key, KEY_BYTES)


def delivery_context(workspace_id: str, dataplane_id: str) -> bytes:
    """What a sealed delivery key is bound to; both ends compute it from what they know, it is never sent."""
    return _bind(_DELIVERY_LABEL, workspace_id, dataplane_id)


def seal_delivery_key(key: DeliveryKey, recipient_public: bytes, context: bytes) -> bytes:
    """Seal `key` to a data plane's raw X25519 public key (32 bytes), for `delivery_context(...)`.

    Shape: format byte, HPKE encapsulation (32), ciphertext. Two seals of one key differ. Raises SealError.
    """
    _check_length("a data plane's X25519 public key", recipient_public, KEY_BYTES)
    public = X25519PublicKey.from_public_bytes(recipient_public)
    try:
        return _FORMAT + _SUITE.encrypt(key.key + key.id.encode(), public, info=context)
    except ValueError:  # a point of small order: nobody holds its private half
        raise SealError("the data plane's X25519 public key is not usable; enrol the data plane again") from None


def open_delivery_key(sealed: bytes, private: bytes, context: bytes) -> DeliveryKey:
    """Open with the data plane's raw X25519 private key (32 bytes). Raises SealError if anything differs."""
    _check_length("the data plane's X25519 private key", private, KEY_BYTES)
    body = _strip_format("the sealed delivery key", sealed)
    try:
        opened = _SUITE.decrypt(body, X25519PrivateKey.from_private_bytes(private), info=context)
        return DeliveryKey(id=opened[KEY_BYTES:].decode(), key=opened[:KEY_BYTES])
    except (InvalidTag, ValueError):
        raise SealError(
            "the delivery key does not open: it was sealed to another data plane or workspace, or was altered; "
            "poll again, and enrol again if that does not help"
        ) from None


def upgrade_context(workspace_id: str, dataplane_id: str, event_id: str) -> bytes:
    """What an upgrade's sealed credentials are bound to."""
    return _bind(_UPGRADE_LABEL, workspace_id, dataplane_id, event_id)


def seal_to_dataplane(plaintext: bytes, recipient_public: bytes, context: bytes) -> bytes:
    """Seal any bytes to a data plane's raw X25519 public key (32 bytes) by HPKE. Raises SealError."""
    _check_length("a data plane's X25519 public key", recipient_public, KEY_BYTES)
    try:
        return _FORMAT + _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(recipient_public), info=context)
    except ValueError:  # a point of small order: nobody holds its private half
        raise SealError("the data plane's X25519 public key is not usable; enrol the data plane again") from None


def open_by_dataplane(sealed: bytes, private: bytes, context: bytes) -> bytes:
    """The bytes sealed to this data plane for this context. Raises SealError if anything differs."""
    _check_length("the data plane's X25519 private key", private, KEY_BYTES)
    body = _strip_format("what was sealed", sealed)
    try:
        return _SUITE.decrypt(body, X25519PrivateKey.from_private_bytes(private), info=context)
    except (InvalidTag, ValueError):
        raise SealError("it does not open: it was sealed to another data plane or purpose, or was altered") from None


def encrypt_secret(
    key: DeliveryKey, *, workspace_id: str, ref: str, origin: str, plaintext: bytes, nonce: bytes
) -> bytes:
    """Encrypt one secret for its journey, bound to workspace, reference and the origin it may be sent to.

    `ref` includes the version (`secret://name@3`), `origin` is spelled by `contract.backends.origin`. `nonce`:
    12 random bytes, never used twice under one key. Shape: format byte, nonce, ciphertext with tag. Raises SealError.
    """
    _check_length("a nonce", nonce, NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key.key).encrypt(nonce, plaintext, _bind(_SECRET_LABEL, workspace_id, ref, origin))


def decrypt_secret(key: DeliveryKey, *, workspace_id: str, ref: str, origin: str, ciphertext: bytes) -> bytes:
    """The plaintext, if key, workspace, reference and origin are those it was encrypted for. Raises SealError."""
    body = _strip_format(f"the ciphertext of {ref}", ciphertext)
    if len(body) < NONCE_BYTES + TAG_BYTES:
        raise SealError(f"the ciphertext of {ref} is too short; ask for the secret again")
    nonce, rest = body[:NONCE_BYTES], body[NONCE_BYTES:]
    try:
        return AESGCM(key.key).decrypt(nonce, rest, _bind(_SECRET_LABEL, workspace_id, ref, origin))
    except InvalidTag:
        raise SealError(
            f"{ref} does not open for {origin} under delivery key {key.id}: another key, workspace, version or host, "
            "or it was altered; after a change of host the credential must be given again"
        ) from None


def _bind(label: bytes, *parts: str) -> bytes:
    """Length before each part, so that no two different lists of parts give the same bytes."""
    encoded = (label, *(text.encode("utf-8", errors="surrogatepass") for text in parts))
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _strip_format(what: str, blob: bytes) -> bytes:
    if blob[:1] != _FORMAT:
        raise SealError(f"{what} is empty or of an unknown format; is the agent older than the control plane?")
    return blob[1:]


def _check_length(what: str, value: bytes, expected: int) -> None:
    if len(value) != expected:
        raise SealError(f"{what} has {expected} bytes, not {len(value)}")
