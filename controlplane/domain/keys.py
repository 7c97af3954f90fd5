"""Keys that prove somebody: management keys to the control plane, consumer keys to data planes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from controlplane.domain.callers import Role
from controlplane.domain.revocations import Revocation


@dataclass(frozen=True, slots=True)
class ManagementKey:
    """A person's or program's key; only the hash of its secret is kept. Empty `workspace_ids`: all of the tenant.

    `platform`: made on the control plane's own machine; may make and list tenants.
    """

    id: str
    tenant_id: str
    workspace_ids: tuple[str, ...]
    role: Role
    name: str
    token_hash: str = field(repr=False)
    last_four: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    platform: bool = False


@dataclass(frozen=True, slots=True)
class ConsumerKey:
    """The record of an issued consumer key; the key itself is a signed token that is not kept."""

    jti: str
    workspace_id: str
    consumer_id: str
    name: str
    created_at: datetime
    expires_at: datetime


class ConsumerKeyState(Enum):
    """Whether data planes accept a key, as far as the key decides."""

    LIVE = "live"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class SeenConsumerKey:
    """A key's record with what became of it: `revocation` None while nobody revoked it, or nobody remembers."""

    key: ConsumerKey
    revocation: Revocation | None
    seen_at: datetime

    @property
    def state(self) -> ConsumerKeyState:
        """At `seen_at`; one that was revoked stays so as long as it is remembered."""
        if self.revocation is not None:
            return ConsumerKeyState.REVOKED
        return ConsumerKeyState.EXPIRED if self.key.expires_at <= self.seen_at else ConsumerKeyState.LIVE
