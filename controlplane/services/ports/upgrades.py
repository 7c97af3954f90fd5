"""What the store keeps of upgrades."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from controlplane.domain.upgrades import Upgrade


class Upgrades(Protocol):
    """Upgrades and roll-backs of data planes."""

    async def add(self, upgrade: Upgrade) -> None:
        """Raises AlreadyExists when the data plane has one of that number."""

    async def get(self, event_id: str) -> Upgrade | None:
        """By its event."""

    async def latest(self, dataplane_id: str) -> Upgrade | None:
        """The one with the greatest number."""

    async def save(self, upgrade: Upgrade) -> None:
        """Write a changed one back."""

    async def expired(self, now: datetime, limit: int) -> list[Upgrade]:
        """Those that still hold credentials whose time is over, oldest first."""
