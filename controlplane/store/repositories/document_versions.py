"""Versions of source documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_

from controlplane.domain.documents import DocumentVersion, SourceDocument
from controlplane.store.rows import from_row, to_row
from controlplane.store.tables import document_versions
from controlplane.store.transaction import Transaction

COLUMNS: Final = document_versions.c
REMOVED: Final = (func.length(COLUMNS.content) == 0).label("removed")  # the length is known without reading it
_WITHOUT_CONTENT: Final = [*(column for column in COLUMNS if column.name != "content"), REMOVED]
_WHOLE: Final = [*COLUMNS, REMOVED]


class SqlDocumentVersions:
    """The port's DocumentVersions."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, version: DocumentVersion) -> None:
        """Keep a version."""
        await self._transaction.insert(document_versions, to_row(version, document_versions))

    async def get(self, workspace_id: str, user_id: str, version: int) -> DocumentVersion | None:
        """That version, with its content."""
        query = select(*_WHOLE).where(_line(workspace_id, user_id), COLUMNS.version == version)
        return await self._first(query)

    async def newest(self, workspace_id: str, user_id: str) -> DocumentVersion | None:
        """The newest, without its content."""
        found = await self.page(workspace_id, user_id, 0, 1)
        return found[0] if found else None

    async def newest_unlike(self, document: SourceDocument) -> DocumentVersion | None:
        """The newest with another content, with its content."""
        other = _line(document.workspace_id, document.user_id) & (COLUMNS.content != document.content)
        query = select(*_WHOLE).where(other, func.length(COLUMNS.content) > 0)
        return await self._first(query.order_by(COLUMNS.version.desc()).limit(1))

    async def page(self, workspace_id: str, user_id: str, before: int, limit: int) -> list[DocumentVersion]:
        """Newest first."""
        rows = await self._transaction.rows(page(workspace_id, user_id, before).limit(limit))
        return [from_row(DocumentVersion, row) for row in rows]

    async def purge(self, created_before: datetime, keep: int, limit: int) -> int:
        """Drop the old ones beyond the newest `keep` of each document."""
        keys = tuple_(COLUMNS.workspace_id, COLUMNS.user_id, COLUMNS.version)
        gone = outdated(created_before, keep).limit(limit)
        return await self._transaction.change(delete(document_versions).where(keys.in_(gone)))

    async def _first(self, query: Select[Any]) -> DocumentVersion | None:
        row = await self._transaction.first(query)
        return from_row(DocumentVersion, row) if row else None


def page(workspace_id: str, user_id: str, before: int) -> Select[Any]:
    """Versions smaller than `before` (0: all), newest first, without their content."""
    query = select(*_WITHOUT_CONTENT).where(_line(workspace_id, user_id)).order_by(COLUMNS.version.desc())
    return query.where(COLUMNS.version < before) if before else query


def outdated(created_before: datetime, keep: int) -> Select[Any]:
    """Keys of those made before that have `keep` newer ones."""
    newer = document_versions.alias("newer")
    same_line = (newer.c.workspace_id == COLUMNS.workspace_id) & (newer.c.user_id == COLUMNS.user_id)
    count = select(func.count()).where(same_line, newer.c.version > COLUMNS.version).correlate(document_versions)
    query = select(COLUMNS.workspace_id, COLUMNS.user_id, COLUMNS.version)
    return query.where(COLUMNS.created_at < created_before, count.scalar_subquery() >= keep)


def _line(workspace_id: str, user_id: str) -> ColumnElement[bool]:
    return (COLUMNS.workspace_id == workspace_id) & (COLUMNS.user_id == user_id)
