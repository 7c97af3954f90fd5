"""Secrets as the store keeps them: sealed, bound to a workspace and to the origin they may be sent to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One version of a secret.

    `sealed` is at rest, under the key ring; `delivered` is the same value under the
    workspace's delivery key, made once.
    `mac` is a keyed HMAC of the value: equal values have equal macs, nothing else can be learnt from it.
    """

    workspace_id: str
    name: str
    version: int
    origin: str
    mac: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    delivery_key_id: str
    delivered: bytes = field(repr=False)
    created_at: datetime

    @property
    def ref(self) -> str:
        """`secret://<name>@<version>`, as delivered documents refer to it."""
        return f"secret://{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class StoredDeliveryKey:
    """A workspace's delivery key, sealed at rest."""

    id: str
    workspace_id: str
    sealed: bytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GatekeeperKey:
    """The key pair that signs a workspace's consumer keys: private half sealed at rest, public half as a JWK."""

    kid: str
    workspace_id: str
    sealed_private: bytes = field(repr=False)
    public_jwk: bytes
    created_at: datetime
    retired_at: datetime | None = None
