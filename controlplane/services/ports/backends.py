"""What the store keeps of consumers' own backends."""

from __future__ import annotations

from typing import Protocol

from controlplane.domain.backends import BackendSet


class Backends(Protocol):
    """One set a (workspace, consumer)."""

    async def get(self, workspace_id: str, user_id: str) -> BackendSet | None: ...

    async def put(self, backends: BackendSet) -> None:
        """Replace the set."""
