"""What the store keeps of revoked consumer keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from controlplane.domain.revocations import Revocation


class Revocations(Protocol):
    """One row a key; the slot `revocations` of every data plane has the newest one's revision as its version."""

    async def get(self, workspace_id: str, jti: str) -> Revocation | None: ...

    async def of(self, workspace_id: str, jtis: Collection[str]) -> Mapping[str, Revocation]:
        """Those of these keys, by jti; absent for a key that is not revoked."""

    async def put(self, revocation: Revocation) -> None:
        """Add it, or replace the one of the same key."""

    async def add_new(self, revocations: Sequence[Revocation]) -> None:
        """Add many at once, none of whose keys has one."""

    async def changed_since(self, workspace_id: str, revision: int) -> list[Revocation]:
        """Ascending by revision."""

    async def newest_revision(self, workspace_id: str) -> int:
        """0 when there is none."""

    async def purge(self, ended_before: datetime) -> int:
        """Drop those that ended before; each workspace's newest stays. How many went."""
