"""The questions about slots, each answered by an index over what it asks for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, select

from controlplane.store.tables import (
    DEVIATING,
    NEWEST,
    configurations,
    revocations,
    slot_states,
    slot_values,
    workspaces,
)

Query = Select[*tuple[Any, ...]]
CONFIGURATION = (
    configurations.c.user_id,
    configurations.c.version,
    configurations.c.revision,
    configurations.c.digest,
    configurations.c.state,
)
VALUE = (
    slot_values.c.slot,
    slot_values.c.version,
    slot_values.c.revision,
    slot_values.c.digest,
    slot_values.c.tombstone,
)


def newest(workspace_id: str) -> Query:
    """The newest version of every document."""
    return select(*CONFIGURATION).where(configurations.c.workspace_id == workspace_id, NEWEST)


def configurations_since(workspace_id: str, revision: int) -> Query:
    """Newest versions from a revision on."""
    return newest(workspace_id).where(configurations.c.revision > revision).order_by(configurations.c.revision)


def values(workspace_id: str, dataplane_id: str) -> Query:
    """Values of the whole workspace and of the data plane."""
    columns = slot_values.c
    return select(*VALUE).where(columns.workspace_id == workspace_id, columns.dataplane_id.in_(["", dataplane_id]))


def values_since(workspace_id: str, dataplane_id: str, revision: int) -> Query:
    """The same from a revision on."""
    return values(workspace_id, dataplane_id).where(slot_values.c.revision > revision).order_by(slot_values.c.revision)


def newest_revocation(workspace_id: str, up_to: int | None = None) -> Query:
    """One row; NULL when there is none."""
    query = select(func.max(revocations.c.revision).label("revision")).where(revocations.c.workspace_id == workspace_id)
    return query if up_to is None else query.where(revocations.c.revision <= up_to)


def revocations_since(workspace_id: str, revision: int) -> Query:
    """Their revisions, ascending."""
    of_workspace = select(revocations.c.revision).where(revocations.c.workspace_id == workspace_id)
    return of_workspace.where(revocations.c.revision > revision).order_by(revocations.c.revision)


def versions_since(workspace_id: str, revision: int, limit: int) -> Query:
    """Versions from a revision on, beside the revision the workspace has at that moment; one row of NULLs for none."""
    behind = (configurations.c.workspace_id == workspaces.c.id) & (configurations.c.revision > revision)
    query = select(workspaces.c.revision.label("workspace_revision"), *CONFIGURATION)
    query = query.select_from(workspaces.outerjoin(configurations, behind)).where(workspaces.c.id == workspace_id)
    return query.order_by(configurations.c.revision).limit(limit)


def applied_at(workspace_id: str, revision: int, users: Collection[str]) -> Query:
    """For each user that a watermark reaches any version of: the newest of these, one step into its history."""
    lines, history = configurations.alias("lines"), configurations.alias("history")
    reached = (
        select(history.c.version)
        .where(history.c.workspace_id == workspace_id, history.c.user_id == lines.c.user_id)
        .where(history.c.revision <= revision)
        .order_by(history.c.revision.desc())
        .limit(1)
        .scalar_subquery()
    )
    at = select(lines.c.user_id, reached.label("version")).where(
        lines.c.workspace_id == workspace_id, lines.c.user_id.in_(users), lines.c.newest
    )
    each = at.subquery("reached")
    same = (configurations.c.workspace_id == workspace_id) & (configurations.c.user_id == each.c.user_id)
    return select(*CONFIGURATION).select_from(
        each.join(configurations, same & (configurations.c.version == each.c.version))
    )


def deviating(dataplane_id: str) -> Query:
    """Rows of a data plane whose version was refused or given up."""
    return select(slot_states).where(slot_states.c.dataplane_id == dataplane_id, DEVIATING).order_by(slot_states.c.slot)
