"""Envelope encryption at rest: every value has a data key of its own, wrapped under a master key of the key ring."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from controlplane.domain.errors import StateConflict
from controlplane.security.keyring import KeyRing, MasterKey, UnknownMasterKey

# format (1) | fingerprint of the master key (8) | wrapped data key (40) | nonce (12) | ciphertext and tag (n + 16)
_FORMAT: Final = b"\x01"
_DATA_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FINGERPRINT_END: Final = 1 + 8
_WRAPPED_END: Final = _FINGERPRINT_END + _DATA_KEY_BYTES + 8
_NONCE_END: Final = _WRAPPED_END + _NONCE_BYTES
_SHORTEST: Final = _NONCE_END + 16

_WRAP_PURPOSE: Final = "wrap-data-keys/v1"
_LABEL: Final = b"agentrouter/at-rest/v1\x00"


class CannotOpen(Exception):
    """A sealed value is malformed, was altered, or belongs elsewhere. The text holds nothing of it."""


class Cipher:
    """Seals under the primary master key, opens under any of the ring. `random(n)` gives n unpredictable bytes."""

    def __init__(self, ring: KeyRing, random: Callable[[int], bytes]) -> None:
        self._ring = ring
        self._random = random
        self._wrapping_keys = {key.fingerprint: key.derive(_WRAP_PURPOSE) for key in ring.members()}

    def __repr__(self) -> str:
        return f"Cipher({self._ring!r})"

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """A self-describing blob (77 bytes longer) that opens only with the same `aad`: say there whose value it is."""
        fingerprint = self._ring.primary.fingerprint
        data_key, nonce = self._random(_DATA_KEY_BYTES), self._random(_NONCE_BYTES)
        wrapped = aes_key_wrap(self._wrapping_keys[fingerprint], data_key)
        # the fingerprint stays out of the additional data: rotation may wrap the data key anew and leave the rest
        ciphertext = AESGCM(data_key).encrypt(nonce, plaintext, _LABEL + aad)
        return _FORMAT + bytes.fromhex(fingerprint) + wrapped + nonce + ciphertext

    def open_(self, blob: bytes, aad: bytes) -> bytes:
        """Raises UnknownMasterKey if the ring lacks the key it names, else CannotOpen."""
        if blob[:1] != _FORMAT or len(blob) < _SHORTEST:
            raise CannotOpen("a sealed value is truncated or of an unknown format")
        key = self._ring.find(blob[1:_FINGERPRINT_END].hex())
        try:
            data_key = aes_key_unwrap(self._wrapping_keys[key.fingerprint], blob[_FINGERPRINT_END:_WRAPPED_END])
            nonce = blob[_WRAPPED_END:_NONCE_END]
            return AESGCM(data_key).decrypt(nonce, blob[_NONCE_END:], _LABEL + aad)
        except (InvalidUnwrap, InvalidTag):
            raise CannotOpen("a sealed value was altered, or is not the one of this owner") from None

    def mac(self, value: bytes, purpose: str) -> bytes:
        """32 bytes by which a value is recognised later without being kept; another purpose gives others."""
        return _mac(self._ring.primary, value, purpose)

    def former_macs(self, value: bytes, purpose: str) -> tuple[bytes, ...]:
        """The same under each other key of the ring: what was kept before a rotation is recognised by them."""
        return tuple(_mac(key, value, purpose) for key in self._ring.members()[1:])

    @property
    def primary(self) -> str:
        """The fingerprint of the key that seals."""
        return self._ring.primary.fingerprint

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed under the primary master key."""
        return sealed[1:_FINGERPRINT_END].hex() == self.primary

    def rewrap(self, sealed: bytes) -> bytes:
        """Only the data key is wrapped anew; the value itself is neither opened nor changed.

        Raises StateConflict when the ring lacks the key it names, else CannotOpen.
        """
        if sealed[:1] != _FORMAT or len(sealed) < _SHORTEST:
            raise CannotOpen("a sealed value is truncated or of an unknown format")
        named = sealed[1:_FINGERPRINT_END].hex()
        try:
            key = self._ring.find(named)
            data_key = aes_key_unwrap(self._wrapping_keys[key.fingerprint], sealed[_FINGERPRINT_END:_WRAPPED_END])
        except UnknownMasterKey as unknown:
            raise StateConflict(str(unknown), subject=named, reason="MASTER_KEY_UNKNOWN") from None
        except InvalidUnwrap:
            raise CannotOpen("a sealed value was altered") from None
        wrapped = aes_key_wrap(self._wrapping_keys[self.primary], data_key)
        return _FORMAT + bytes.fromhex(self.primary) + wrapped + sealed[_WRAPPED_END:]


def _mac(key: MasterKey, value: bytes, purpose: str) -> bytes:
    return hmac.digest(key.derive(f"mac/v1/{purpose}"), value, "sha256")
