"""Upgrades of data planes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select

from controlplane.domain.upgrades import Upgrade
from controlplane.store.rows import from_row, to_row
from controlplane.store.tables import upgrades
from controlplane.store.transaction import Transaction


class SqlUpgrades:
    """The port's Upgrades."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, upgrade: Upgrade) -> None:
        """A new one."""
        await self._transaction.change(insert(upgrades).values(to_row(upgrade, upgrades)))

    async def get(self, event_id: str) -> Upgrade | None:
        """By its event."""
        row = await self._transaction.first(select(upgrades).where(upgrades.c.event_id == event_id))
        return from_row(Upgrade, row) if row else None

    async def latest(self, dataplane_id: str) -> Upgrade | None:
        """The one with the greatest number."""
        query = select(upgrades).where(upgrades.c.dataplane_id == dataplane_id)
        row = await self._transaction.first(query.order_by(upgrades.c.number.desc()).limit(1))
        return from_row(Upgrade, row) if row else None

    async def save(self, upgrade: Upgrade) -> None:
        """Write a changed one back."""
        await self._transaction.replace(upgrades, to_row(upgrade, upgrades))

    async def expired(self, now: datetime, limit: int) -> list[Upgrade]:
        """Those that still hold credentials whose time is over, oldest first."""
        query = select(upgrades).where(upgrades.c.expires_at <= now, func.length(upgrades.c.sealed) > 0)
        rows = await self._transaction.rows(query.order_by(upgrades.c.expires_at, upgrades.c.event_id).limit(limit))
        return [from_row(Upgrade, row) for row in rows]
