"""What seals secrets, makes tokens and keys, and verifies what data planes sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.keys import ConsumerKey


class Vault(Protocol):
    """Secrets at rest, under the key ring."""

    def seal(self, plaintext: bytes, aad: bytes) -> bytes: ...

    def open_(self, sealed: bytes, aad: bytes) -> bytes: ...

    def mac(self, value: bytes, purpose: str) -> bytes:
        """Keyed HMAC under the primary master key, stable across restarts."""

    def former_macs(self, value: bytes, purpose: str) -> tuple[bytes, ...]:
        """The same under each other key of the ring: what was kept before a rotation is recognised by them."""

    @property
    def primary(self) -> str:
        """The fingerprint of the primary master key."""

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed under the primary master key."""

    def rewrap(self, sealed: bytes) -> bytes:
        """The same value under the primary master key. Raises StateConflict when the ring lacks the key it names."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret to show once, what is kept of it, and what lists show of it."""

    plaintext: str = field(repr=False)
    hash: str = field(repr=False)
    last_four: str


@dataclass(frozen=True, slots=True)
class NewGatekeeperKey:
    """A fresh key pair: raw private half, public half as a JWK in canonical JSON."""

    kid: str
    private: bytes = field(repr=False)
    public_jwk: bytes


class Mint(Protocol):
    """Makes tokens and keys."""

    def management_key(self) -> NewSecret: ...

    def join_token(self) -> NewSecret: ...

    def hash(self, token: str) -> str: ...

    def gatekeeper_key(self) -> NewGatekeeperKey: ...

    def jwks(self, public_jwks: Sequence[bytes]) -> bytes:
        """Canonical JSON key set; the same keys in any order give the same bytes."""

    def consumer_key(self, record: ConsumerKey, kid: str, private: bytes) -> str:
        """`sk-` and a JWT with the record's jti, workspace, consumer, created_at and expires_at."""


class AgentVerifier(Protocol):
    """Verifies what a data plane signs."""

    def dataplane_of(self, token: str) -> str | None:
        """The data plane that the token claims to be of, unverified; None when it is no such token."""

    def verify(self, token: str, dataplane: Dataplane | None, now: datetime) -> None:
        """Raises Unauthenticated with one of the TOKEN_… reasons; None as data plane is an unknown key."""

    def forget(self, dataplane_id: str) -> None:
        """Drop what is remembered of it."""
