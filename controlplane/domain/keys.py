"""Keys that prove somebody: management keys to the control plane, consumer keys to data planes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from controlplane.domain.callers import Role


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
