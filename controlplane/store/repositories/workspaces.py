"""Tenants, workspaces and the counters that order every change."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, select, update

from controlplane.domain.errors import AlreadyExists, NotFound
from controlplane.domain.workspaces import Tenant, Workspace
from controlplane.store.faults import TAKEN
from controlplane.store.rows import from_row, in_parts, to_row
from controlplane.store.tables import tenants, workspaces
from controlplane.store.transaction import Transaction


class SqlWorkspaces:
    """The port's Workspaces."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add_tenant(self, tenant: Tenant) -> None:
        """Raises AlreadyExists when the name is taken."""
        if not await self._transaction.insert_new(tenants, to_row(tenant, tenants)):
            raise AlreadyExists(TAKEN["tenants_name_taken"])

    async def tenant(self, tenant_id: str) -> Tenant | None:
        """By id."""
        row = await self._transaction.first(select(tenants).where(tenants.c.id == tenant_id))
        return from_row(Tenant, row) if row else None

    async def tenants(self, after: str, limit: int) -> list[Tenant]:
        """Ascending by id."""
        query = select(tenants).where(tenants.c.id > after).order_by(tenants.c.id).limit(limit)
        return [from_row(Tenant, row) for row in await self._transaction.rows(query)]

    async def tenant_by_name(self, name: str) -> Tenant | None:
        """By its unique name."""
        row = await self._transaction.first(select(tenants).where(tenants.c.name == name))
        return from_row(Tenant, row) if row else None

    async def add(self, workspace: Workspace) -> None:
        """Raises AlreadyExists when the tenant has a workspace of that name."""
        if not await self._transaction.insert_new(workspaces, to_row(workspace, workspaces)):
            raise AlreadyExists(TAKEN["workspaces_name_taken"])

    async def get(self, workspace_id: str) -> Workspace | None:
        """By id."""
        return await self._one(workspaces.c.id == workspace_id)

    async def by_name(self, tenant_id: str, name: str) -> Workspace | None:
        """By its name, unique within the tenant."""
        return await self._one((workspaces.c.tenant_id == tenant_id) & (workspaces.c.name == name))

    async def page(self, tenant_id: str, ids: Collection[str] | None, after: str, limit: int) -> list[Workspace]:
        """Ascending by id, ids greater than `after`; `ids` None means all of the tenant."""
        query = select(workspaces).where(workspaces.c.tenant_id == tenant_id, workspaces.c.id > after)
        query = query.order_by(workspaces.c.id).limit(limit)
        if ids is None:
            return await self._all(query)
        found: list[Workspace] = []
        for part in in_parts(sorted(each for each in set(ids) if each > after)):
            if len(found) < limit:
                found += await self._all(query.where(workspaces.c.id.in_(part)))
        return found[:limit]

    async def lock(self, workspace_id: str) -> Workspace | None:
        """Strong enough against every other writer of the row, weak enough to let rows that refer to it in."""
        rows = await self._transaction.held(select(workspaces).where(workspaces.c.id == workspace_id), key_share=True)
        return from_row(Workspace, rows[0]) if rows else None

    async def take_revision(self, workspace_id: str) -> int:
        """The row stays held until the commit, so nobody takes a later revision before."""
        statement = update(workspaces).where(workspaces.c.id == workspace_id)
        row = await self._transaction.changed_row(
            statement.values(revision=workspaces.c.revision + 1).returning(workspaces.c.revision)
        )
        if row is None:
            raise NotFound("the workspace does not exist")
        return int(row.revision)

    async def take_cursors(self, workspace_id: str, count: int) -> int:
        """The first of `count` new values."""
        statement = update(workspaces).where(workspaces.c.id == workspace_id)
        row = await self._transaction.changed_row(
            statement.values(event_cursor=workspaces.c.event_cursor + count).returning(workspaces.c.event_cursor)
        )
        if row is None:
            raise NotFound("the workspace does not exist")
        return int(row.event_cursor) - count + 1

    async def _one(self, condition: ColumnElement[bool]) -> Workspace | None:
        row = await self._transaction.first(select(workspaces).where(condition))
        return from_row(Workspace, row) if row else None

    async def _all(self, query: Select[*tuple[object, ...]]) -> list[Workspace]:
        return [from_row(Workspace, row) for row in await self._transaction.rows(query)]
