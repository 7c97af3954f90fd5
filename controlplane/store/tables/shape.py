"""How every table is written: named constraints, columns that must be given, indexes over some of the rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Index, MetaData

from controlplane.store.columns import Words

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_exists",
    }
)


def needed(name: str, kind: Any, *more: Any, **options: Any) -> Column[Any]:
    """A column that is never NULL."""
    return Column(name, kind, *more, nullable=False, **options)


def key(name: str, *more: Any) -> Column[Any]:
    """A text column of the primary key."""
    return Column(name, Words, *more, primary_key=True)


def only(index: str, *columns: Any, where: ColumnElement[bool], unique: bool = False) -> Index:
    """An index over the rows of a condition; only a query that repeats the condition word for word uses it."""
    return Index(index, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
