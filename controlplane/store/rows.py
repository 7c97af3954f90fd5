"""Frozen values to rows and back: a column is named like the field it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Row, Table

Noun = TypeVar("Noun")
Item = TypeVar("Item")

# Fewer than any driver's limit on parameters of one statement, with room for the rest of the statement.
AT_ONCE = 5000


def to_row(noun: Any, table: Table, **own: Any) -> dict[str, Any]:
    """One value for each column: those in `own` as given, every other one from the field of its name."""
    return {name: own[name] if name in own else getattr(noun, name) for name in table.columns.keys()}  # noqa: SIM118


def from_row(kind: type[Noun], row: Row[Any], **own: Any) -> Noun:
    """The noun out of a row that has exactly its fields, but for those in `own`."""
    return kind(**row._mapping, **own)


def in_parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The items in pieces that one statement can take as parameters."""
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]
