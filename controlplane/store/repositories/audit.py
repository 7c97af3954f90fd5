"""The audit: records are appended under the tenant's head, and read."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row, select, update

from controlplane.domain.audit import AuditHead, AuditRecord
from controlplane.services.ports.audit import AuditFilter
from controlplane.store.rows import from_row, to_row
from controlplane.store.tables.audit import audit_heads, audit_records
from controlplane.store.transaction import Transaction


class SqlAudit:
    """The port's Audit."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def append(self, record: AuditRecord) -> AuditRecord:
        """Under the held head; details are JSON that escapes whatever a database would not take."""
        head = await self._held_head(record.tenant_id)
        placed = head.append(record)
        details = json.dumps(dict(placed.details), sort_keys=True)
        await self._transaction.insert(audit_records, to_row(placed, audit_records, details=details))
        own = audit_heads.c.tenant_id == record.tenant_id
        moved = update(audit_heads).where(own).values(sequence=placed.sequence, hash=placed.hash)
        await self._transaction.change(moved)
        return placed

    async def page(self, narrow: AuditFilter, before: int, limit: int) -> list[AuditRecord]:
        """Newest first."""
        columns = audit_records.c
        query = select(audit_records).where(columns.tenant_id == narrow.tenant_id)
        if before:
            query = query.where(columns.sequence < before)
        if narrow.workspace_ids is not None:
            query = query.where(columns.workspace_id.in_(sorted(narrow.workspace_ids)))
        for column, wanted in ((columns.actor, narrow.actor), (columns.action, narrow.action)):
            if wanted:
                query = query.where(column == wanted)
        rows = await self._transaction.rows(query.order_by(columns.sequence.desc()).limit(limit))
        return [_record(row) for row in rows]

    async def chain(self, tenant_id: str, after: int, limit: int) -> list[AuditRecord]:
        """Ascending by place."""
        columns = audit_records.c
        query = select(audit_records).where(columns.tenant_id == tenant_id, columns.sequence > after)
        rows = await self._transaction.rows(query.order_by(columns.sequence).limit(limit))
        return [_record(row) for row in rows]

    async def head(self, tenant_id: str) -> AuditHead | None:
        """None before the tenant's first record."""
        row = await self._transaction.first(select(audit_heads).where(audit_heads.c.tenant_id == tenant_id))
        return from_row(AuditHead, row) if row else None

    async def _held_head(self, tenant_id: str) -> AuditHead:
        """Of two that begin a chain at once, the second waits for the first's end and goes on from there."""
        await self._transaction.insert_new(audit_heads, {"tenant_id": tenant_id, "sequence": 0, "hash": ""})
        rows = await self._transaction.held(select(audit_heads).where(audit_heads.c.tenant_id == tenant_id))
        return from_row(AuditHead, rows[0])


def _record(row: Row[Any]) -> AuditRecord:
    """What is no object of texts is shown as it is found: verifying says that it was altered."""
    fields = dict(row._mapping)
    try:
        details = json.loads(row.details)
        fields["details"] = {str(name): str(value) for name, value in details.items()}
    except (ValueError, AttributeError):
        fields["details"] = {"": row.details}
    return AuditRecord(**fields)
