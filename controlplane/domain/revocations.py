"""Revocations: consumer keys that must be refused for as long as they would have been good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Revocation:
    """One key of a workspace; `revision` is the workspace's that its latest change took. Never taken back."""

    workspace_id: str
    jti: str
    expires_at: datetime
    revision: int
    reason: str
    created_at: datetime
