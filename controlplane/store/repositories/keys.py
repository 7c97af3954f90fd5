"""Management keys and records of consumer keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from controlplane.domain.callers import Role
from controlplane.domain.keys import ConsumerKey, ManagementKey
from controlplane.store.rows import from_row, to_row
from controlplane.store.tables import consumer_keys, management_keys
from controlplane.store.transaction import Transaction


class SqlKeys:
    """The port's Keys."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add_management_key(self, key: ManagementKey) -> None:
        """Raises AlreadyExists when the hash is taken."""
        await self._transaction.insert(management_keys, to_row(key, management_keys, role=int(key.role)))

    async def management_key_by_hash(self, token_hash: str) -> ManagementKey | None:
        """By hash, an expired or revoked one too."""
        return await self._management_key(management_keys.c.token_hash == token_hash)

    async def management_key(self, key_id: str) -> ManagementKey | None:
        """By id."""
        return await self._management_key(management_keys.c.id == key_id)

    async def management_keys(self, tenant_id: str, after: str, limit: int) -> list[ManagementKey]:
        """Ascending by id."""
        columns = management_keys.c
        query = select(management_keys).where(columns.tenant_id == tenant_id, columns.id > after)
        rows = await self._transaction.rows(query.order_by(columns.id).limit(limit))
        return [_management_key(row) for row in rows]

    async def revoke_management_key(self, key_id: str, revoked_at: datetime) -> None:
        """Keeps the first time when called twice."""
        unrevoked = (management_keys.c.id == key_id) & management_keys.c.revoked_at.is_(None)
        await self._transaction.change(update(management_keys).where(unrevoked).values(revoked_at=revoked_at))

    async def add_consumer_key(self, key: ConsumerKey) -> None:
        """Store a record."""
        await self._transaction.insert(consumer_keys, to_row(key, consumer_keys))

    async def consumer_key(self, workspace_id: str, jti: str) -> ConsumerKey | None:
        """By jti, one that ended too."""
        columns = consumer_keys.c
        row = await self._transaction.first(
            select(consumer_keys).where(columns.workspace_id == workspace_id, columns.jti == jti)
        )
        return from_row(ConsumerKey, row) if row else None

    async def consumer_keys(self, workspace_id: str, consumer_id: str, after: str, limit: int) -> list[ConsumerKey]:
        """Ascending by jti; empty `consumer_id` means any."""
        columns = consumer_keys.c
        query = select(consumer_keys).where(columns.workspace_id == workspace_id, columns.jti > after)
        if consumer_id:
            query = query.where(columns.consumer_id == consumer_id)
        rows = await self._transaction.rows(query.order_by(columns.jti).limit(limit))
        return [from_row(ConsumerKey, row) for row in rows]

    async def _management_key(self, condition: ColumnElement[bool]) -> ManagementKey | None:
        row = await self._transaction.first(select(management_keys).where(condition))
        return _management_key(row) if row else None


def _management_key(row: Row[Any]) -> ManagementKey:
    return ManagementKey(**{**row._mapping, "role": Role(row.role)})
