"""What the store keeps of the audit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from controlplane.domain.audit import AuditHead, AuditRecord


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What a list of records may be narrowed by; empty means any, `workspace_ids` None means all and the tenant's."""

    tenant_id: str
    workspace_ids: Collection[str] | None = None
    actor: str = ""
    action: str = ""


class Audit(Protocol):
    """One chain of records a tenant. Nothing here changes or removes a record."""

    async def append(self, record: AuditRecord) -> AuditRecord:
        """Put it after the tenant's newest record: its place and hash are taken here, its own are ignored.

        The head is held until the unit of work ends, so chains never fork; append last, after every other lock.
        """

    async def page(self, narrow: AuditFilter, before: int, limit: int) -> list[AuditRecord]:
        """Newest first, places smaller than `before` (0: from the newest)."""

    async def chain(self, tenant_id: str, after: int, limit: int) -> list[AuditRecord]:
        """Ascending by place, places greater than `after`."""

    async def head(self, tenant_id: str) -> AuditHead | None:
        """None before the tenant's first record."""
