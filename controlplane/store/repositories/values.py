"""Values with a slot of their own, the newest of each."""

from __future__ import annotations

from sqlalchemy import select

from controlplane.domain.configurations import SlotValue
from controlplane.store.rows import from_row, to_row
from controlplane.store.tables import slot_values
from controlplane.store.transaction import Transaction


class SqlValues:
    """The port's Values."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def newest(self, workspace_id: str, slot: str, dataplane_id: str = "") -> SlotValue | None:
        """The slot's value, a tombstone too."""
        columns = slot_values.c
        whose = (columns.workspace_id == workspace_id) & (columns.dataplane_id == dataplane_id)
        row = await self._transaction.first(select(slot_values).where(whose, columns.slot == slot))
        return from_row(SlotValue, row) if row else None

    async def put(self, value: SlotValue) -> None:
        """Replace the slot's value."""
        await self._transaction.replace(slot_values, to_row(value, slot_values))

    async def changed_since(self, workspace_id: str, revision: int) -> list[SlotValue]:
        """Ascending by revision."""
        query = select(slot_values).where(slot_values.c.workspace_id == workspace_id, slot_values.c.revision > revision)
        rows = await self._transaction.rows(query.order_by(slot_values.c.revision))
        return [from_row(SlotValue, row) for row in rows]
