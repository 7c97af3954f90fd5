"""What the store keeps of consumers' own backends."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from controlplane.domain.backends import BackendSet


class Backends(Protocol):
    """One set a (workspace, consumer)."""

    async def get(self, workspace_id: str, user_id: str) -> BackendSet | None: ...

    async def users_with_backends(self, workspace_id: str, user_ids: Collection[str]) -> frozenset[str]:
        """Those of `user_ids` that have a set."""

    async def put(self, backends: BackendSet) -> None:
        """Replace the set."""

    async def drop(self, workspace_id: str, user_id: str) -> None:
        """Forget the set; its secrets are dropped apart."""
