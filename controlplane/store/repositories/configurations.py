"""Versions of documents. Each line of versions has exactly one `newest`, found by index however long its history is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    case,
    delete,
    func,
    literal,
    literal_column,
    not_,
    select,
    tuple_,
    union_all,
    update,
)

from controlplane.domain.configurations import Configuration, ConfigurationState
from controlplane.services.ports import ConfigurationFilter
from controlplane.store.rows import from_row, in_parts, to_row
from controlplane.store.tables import ACTIVE, NEWEST, UNREVOKED, configurations, dataplanes
from controlplane.store.transaction import Transaction

COLUMNS = [column for column in configurations.c if column is not NEWEST]
WITHOUT_DOCUMENT = [column for column in COLUMNS if column is not configurations.c.document]
NO_DOCUMENT = literal(b"", LargeBinary).label("document")
OUTDATED = not_(NEWEST)
FOLLOWED_AT_ONCE = 100  # selects in one
AFTER_A_NEWER_ONE = case((ACTIVE, literal_column("'superseded'")), else_=configurations.c.state)


class SqlConfigurations:
    """The port's Configurations."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def newest(self, workspace_id: str, user_id: str) -> Configuration | None:
        """The newest version, a tombstone too."""
        row = await self._transaction.first(select(*COLUMNS).where(_line(workspace_id, user_id), NEWEST))
        return from_row(Configuration, row) if row else None

    async def add(self, configuration: Configuration) -> None:
        """Only the former newest one can be ACTIVE, so it is the only row to change."""
        former = _line(configuration.workspace_id, configuration.user_id) & NEWEST
        await self._transaction.change(
            update(configurations).where(former).values(newest=False, state=AFTER_A_NEWER_ONE)
        )
        await self._transaction.insert(configurations, to_row(configuration, configurations, newest=True))

    async def page(
        self, narrow: ConfigurationFilter, after: tuple[str, int] | None, limit: int, *, documents: bool
    ) -> list[Configuration]:
        """Ascending by user_id, then descending by version; strictly after `(user_id, version)`."""
        columns = COLUMNS if documents else [*WITHOUT_DOCUMENT, NO_DOCUMENT]
        query = select(*columns).where(*_conditions(narrow))
        if after is not None:
            user_id, version = after
            later_version = (configurations.c.user_id == user_id) & (configurations.c.version < version)
            query = query.where(
                configurations.c.user_id >= user_id, (configurations.c.user_id > user_id) | later_version
            )
        return await self._all(query.order_by(configurations.c.user_id, configurations.c.version.desc()).limit(limit))

    async def active_users(self, workspace_id: str, after: str, limit: int) -> list[str]:
        """Non-empty user ids with an ACTIVE configuration, ascending, greater than `after`."""
        user_id = configurations.c.user_id  # greater than "" is not empty
        query = select(user_id).where(configurations.c.workspace_id == workspace_id, user_id > after, ACTIVE)
        return [row.user_id for row in await self._transaction.rows(query.order_by(user_id).limit(limit))]

    async def changed_since(self, workspace_id: str, revision: int) -> list[Configuration]:
        """The newest version of each (workspace, user) whose revision is greater; ascending by revision."""
        return await self._all(changed_since(workspace_id, revision))

    async def refs_served(self, workspace_id: str, user_ids: Collection[str]) -> frozenset[str]:
        """Of the newest version of each."""
        refs: set[str] = set()
        for part in in_parts(sorted(set(user_ids))):
            lines = (configurations.c.workspace_id == workspace_id) & configurations.c.user_id.in_(part)
            for row in await self._transaction.rows(select(configurations.c.secret_refs).where(lines, NEWEST)):
                refs.update(row.secret_refs)
        return frozenset(refs)

    async def versions_at(self, workspace_id: str, revision: int, user_ids: Collection[str]) -> Mapping[str, int]:
        """For each of `user_ids`, the newest version with revision ≤ `revision`."""
        versions: dict[str, int] = {}
        for part in in_parts(list(set(user_ids))):
            rows = await self._transaction.rows(versions_at(workspace_id, revision, part))
            versions.update((row.user_id, row.version) for row in rows if row.version is not None)
        return versions

    async def followed_at(
        self, workspace_id: str, versions: Collection[tuple[str, int]]
    ) -> Mapping[tuple[str, int], datetime]:
        """Each by the index of its line, some in one statement."""
        found: dict[tuple[str, int], datetime] = {}
        asked = sorted(versions)
        for start in range(0, len(asked), FOLLOWED_AT_ONCE):
            part = asked[start : start + FOLLOWED_AT_ONCE]
            query = union_all(*(followed_at(workspace_id, *each, place) for place, each in enumerate(part)))
            for row in await self._transaction.rows(query):
                if row.followed_at is not None:
                    found[part[row.place]] = row.followed_at
        return found

    async def purge_outdated(self, created_before: datetime, limit: int) -> int:
        """A live data plane whose watermark is between a version's revision and its successor's still applies it."""
        gone = outdated(created_before).limit(limit)
        key = tuple_(configurations.c.workspace_id, configurations.c.user_id, configurations.c.version)
        return await self._transaction.change(delete(configurations).where(key.in_(gone)))

    async def _all(self, query: Select[*tuple[Any, ...]]) -> list[Configuration]:
        return [from_row(Configuration, row) for row in await self._transaction.rows(query)]


def changed_since(workspace_id: str, revision: int) -> Select[*tuple[Any, ...]]:
    """What a poll reads: nothing at all when nothing is newer."""
    query = select(*COLUMNS).where(configurations.c.workspace_id == workspace_id, NEWEST)
    return query.where(configurations.c.revision > revision).order_by(configurations.c.revision)


def versions_at(workspace_id: str, revision: int, user_ids: Collection[str]) -> Select[*tuple[Any, ...]]:
    """For each user the one step back into the history that the revision asks for; NULL when there was nothing yet."""
    lines, history = configurations, configurations.alias("history")
    at_revision = (
        select(history.c.version)
        .where(history.c.workspace_id == workspace_id, history.c.user_id == lines.c.user_id)
        .where(history.c.revision <= revision)
        .order_by(history.c.revision.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(lines.c.user_id, at_revision.label("version")).where(
        lines.c.workspace_id == workspace_id, lines.c.user_id.in_(user_ids), NEWEST
    )


def followed_at(workspace_id: str, user_id: str, version: int, place: int) -> Select[*tuple[Any, ...]]:
    """One row: when the next version was stored, NULL when there is none."""
    later = _line(workspace_id, user_id) & (configurations.c.version > version)
    stored_at = func.min(configurations.c.created_at).label("followed_at")
    return select(literal(place).label("place"), stored_at).where(later)


def outdated(created_before: datetime) -> Select[*tuple[Any, ...]]:
    """Keys of superseded versions that nothing refers to any more."""
    old, later = configurations, configurations.alias("later")
    successor = (
        select(func.min(later.c.revision))
        .where(later.c.workspace_id == old.c.workspace_id, later.c.user_id == old.c.user_id)
        .where(later.c.revision > old.c.revision)
        .correlate(old)
        .scalar_subquery()
    )
    applies = (dataplanes.c.applied_revision >= old.c.revision) & (dataplanes.c.applied_revision < successor)
    of_workspace = select(dataplanes.c.id).where(dataplanes.c.workspace_id == old.c.workspace_id, UNREVOKED)
    applying = of_workspace.where(applies).correlate(old)
    return select(old.c.workspace_id, old.c.user_id, old.c.version).where(
        OUTDATED, old.c.created_at < created_before, ~applying.exists()
    )


def _line(workspace_id: str, user_id: str) -> ColumnElement[bool]:
    return (configurations.c.workspace_id == workspace_id) & (configurations.c.user_id == user_id)


def _conditions(narrow: ConfigurationFilter) -> list[ColumnElement[bool]]:
    columns = configurations.c
    conditions = [columns.workspace_id == narrow.workspace_id]
    if narrow.user_id is not None:
        conditions.append(columns.user_id == narrow.user_id)
    if narrow.state is ConfigurationState.ACTIVE:
        conditions.append(ACTIVE)
    elif narrow.state is not None:
        conditions.append(columns.state == narrow.state)
    if narrow.created_after is not None:
        conditions.append(columns.created_at > narrow.created_after)
    if narrow.created_before is not None:
        conditions.append(columns.created_at < narrow.created_before)
    if narrow.digest:
        conditions.append(columns.digest == narrow.digest)
    if not narrow.history:
        conditions.append(NEWEST)
    return conditions
