"""What the store keeps of source documents: the newest of each, and its versions."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from controlplane.domain.documents import DocumentVersion, SourceDocument


class Documents(Protocol):
    """Source documents, the newest of each (workspace, user)."""

    async def get(self, workspace_id: str, user_id: str) -> SourceDocument | None: ...

    async def put(self, document: SourceDocument) -> None: ...

    async def drop(self, workspace_id: str, user_id: str) -> None:
        """Its versions stay; `get` and `page` do not find it any more."""

    async def page(self, workspace_id: str, after: str | None, limit: int) -> list[SourceDocument]:
        """Ascending by user_id, greater than `after`; None: from the workspace's own document on."""

    async def count(self, workspace_id: str) -> int: ...


class DocumentVersions(Protocol):
    """Versions of source documents; the newest is what `Documents` has, or a document's removal."""

    async def add(self, version: DocumentVersion) -> None: ...

    async def get(self, workspace_id: str, user_id: str, version: int) -> DocumentVersion | None:
        """With its content."""

    async def newest(self, workspace_id: str, user_id: str) -> DocumentVersion | None:
        """Without its content."""

    async def newest_unlike(self, document: SourceDocument) -> DocumentVersion | None:
        """The newest that has a content, and another one than the document; with its content."""

    async def page(self, workspace_id: str, user_id: str, before: int, limit: int) -> list[DocumentVersion]:
        """Newest first, smaller than `before` (0: from the newest), without their content."""

    async def purge(self, created_before: datetime, keep: int, limit: int) -> int:
        """Drop those made before, at most `limit`, but none of the newest `keep` of a document; how many went."""
