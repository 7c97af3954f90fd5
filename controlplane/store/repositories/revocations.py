"""Consumer keys that must be refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from controlplane.domain.revocations import Revocation
from controlplane.store.rows import from_row, in_parts, to_row
from controlplane.store.tables import revocations
from controlplane.store.transaction import Transaction


class SqlRevocations:
    """The port's Revocations."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, workspace_id: str, jti: str) -> Revocation | None:
        """By the key's jti."""
        query = select(revocations).where(revocations.c.workspace_id == workspace_id, revocations.c.jti == jti)
        row = await self._transaction.first(query)
        return from_row(Revocation, row) if row else None

    async def of(self, workspace_id: str, jtis: Collection[str]) -> Mapping[str, Revocation]:
        """By jti."""
        found: dict[str, Revocation] = {}
        for part in in_parts(list(jtis)):
            query = select(revocations).where(revocations.c.workspace_id == workspace_id, revocations.c.jti.in_(part))
            found.update((row.jti, from_row(Revocation, row)) for row in await self._transaction.rows(query))
        return found

    async def put(self, revocation: Revocation) -> None:
        """Add it, or replace the one of the same key."""
        await self._transaction.replace(revocations, to_row(revocation, revocations))

    async def add_new(self, new: Sequence[Revocation]) -> None:
        """One statement for all of them."""
        if new:
            await self._transaction.insert(revocations, [to_row(each, revocations) for each in new])

    async def changed_since(self, workspace_id: str, revision: int) -> list[Revocation]:
        """Ascending by revision."""
        query = select(revocations).where(revocations.c.workspace_id == workspace_id, revocations.c.revision > revision)
        rows = await self._transaction.rows(query.order_by(revocations.c.revision, revocations.c.jti))
        return [from_row(Revocation, row) for row in rows]

    async def newest_revision(self, workspace_id: str) -> int:
        """0 when there is none."""
        query = select(func.max(revocations.c.revision).label("newest"))
        row = await self._transaction.first(query.where(revocations.c.workspace_id == workspace_id))
        return int(row.newest) if row and row.newest is not None else 0

    async def purge(self, ended_before: datetime) -> int:
        """Drop those that ended before; each workspace's newest stays, it is the version of a slot."""
        others = revocations.alias("others")
        newer = select(others.c.jti).where(
            others.c.workspace_id == revocations.c.workspace_id, others.c.revision > revocations.c.revision
        )
        statement = delete(revocations).where(revocations.c.expires_at < ended_before, newer.exists())
        return await self._transaction.change(statement)
