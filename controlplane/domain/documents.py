"""Source documents: what people wrote, kept apart from what valet compiles out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """The newest source of one (workspace, user). `content` is canonical JSON with credentials as `secret://<name>`;
    empty: the document was removed in this version.

    `generation` grows by one with every change of any input of the compiled document, `version` with every change of
    the document itself.
    """

    workspace_id: str
    user_id: str
    content: bytes
    etag: str
    generation: int
    updated_at: datetime
    version: int = 1

    @property
    def removed(self) -> bool:
        """Whether this is what is left of a document that was removed."""
        return not self.content


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One version of a source, as it was put. `content` is empty where only the rest was asked for, and where the
    document was `removed` in this version.

    `author` is the id of the management key, empty for what was put before versions were kept. `restored_version`: the
    earlier version that this one puts again; 0 for none.
    """

    workspace_id: str
    user_id: str
    version: int
    etag: str
    author: str
    reason: str
    configuration_version: int
    restored_version: int
    created_at: datetime
    content: bytes = field(default=b"", repr=False)
    removed: bool = False
