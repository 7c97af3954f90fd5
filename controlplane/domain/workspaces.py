"""Tenants and workspaces: who owns what, and the counters that order every change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Tenant:
    """Who owns resources; the boundary of isolation."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Workspace:
    """A tenant's part that data planes belong to.

    `revision` grows by one with every desired value that changes; commit order is revision order.
    `event_cursor` grows by one with every event that becomes PENDING.
    """

    id: str
    tenant_id: str
    name: str
    revision: int
    event_cursor: int
    created_at: datetime
