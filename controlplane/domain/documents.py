"""Source documents: what people wrote, kept apart from what valet compiles out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """The newest source of one (workspace, user). `content` is canonical JSON with credentials as `secret://<name>`.

    `generation` grows by one with every change of any input of the compiled document.
    """

    workspace_id: str
    user_id: str
    content: bytes
    etag: str
    generation: int
    updated_at: datetime
