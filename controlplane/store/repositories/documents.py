"""Source documents, the newest of each (workspace, user)."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from controlplane.domain.documents import SourceDocument
from controlplane.store.rows import from_row, to_row
from controlplane.store.tables import source_documents
from controlplane.store.transaction import Transaction


class SqlDocuments:
    """The port's Documents."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, workspace_id: str, user_id: str) -> SourceDocument | None:
        """The newest source."""
        columns = source_documents.c
        query = select(source_documents).where(columns.workspace_id == workspace_id, columns.user_id == user_id)
        row = await self._transaction.first(query)
        return from_row(SourceDocument, row) if row else None

    async def put(self, document: SourceDocument) -> None:
        """Replace the source of its (workspace, user)."""
        await self._transaction.replace(source_documents, to_row(document, source_documents))

    async def drop(self, workspace_id: str, user_id: str) -> None:
        """The newest source goes, its versions stay."""
        columns = source_documents.c
        gone = (columns.workspace_id == workspace_id) & (columns.user_id == user_id)
        await self._transaction.change(delete(source_documents).where(gone))

    async def page(self, workspace_id: str, after: str | None, limit: int) -> list[SourceDocument]:
        """Ascending by user_id."""
        columns = source_documents.c
        query = select(source_documents).where(columns.workspace_id == workspace_id)
        if after is not None:
            query = query.where(columns.user_id > after)
        rows = await self._transaction.rows(query.order_by(columns.user_id).limit(limit))
        return [from_row(SourceDocument, row) for row in rows]

    async def count(self, workspace_id: str) -> int:
        """All of the workspace's."""
        query = select(func.count()).where(source_documents.c.workspace_id == workspace_id)
        row = await self._transaction.first(query)
        return int(row[0]) if row else 0
