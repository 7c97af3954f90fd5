"""Source documents, the newest of each (workspace, user)."""

from __future__ import annotations

from sqlalchemy import select

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
