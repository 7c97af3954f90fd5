"""Many rows given to one statement as a table: what a crowd needs costs one statement and not one each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, FromClause, Text, bindparam, column, func, select, type_coerce
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import ARRAY

SQLITE = sqlite.dialect()


def as_json(columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> FromClause:
    """For SQLite: one text, a list of lists."""
    processors = [each.type.dialect_impl(SQLITE).bind_processor(SQLITE) for each in columns]
    stored = [
        [value if process is None else process(value) for process, value in zip(processors, row, strict=True)]
        for row in rows
    ]
    text = json.dumps(stored, ensure_ascii=False)  # as it is: the driver refuses what is no character
    each = func.json_each(bindparam("given", text, Text, unique=True)).table_valued("value", name="given_row")
    fields = (func.json_extract(each.c.value, f"$[{place}]") for place in range(len(columns)))
    named = [type_coerce(field, of.type).label(of.name) for field, of in zip(fields, columns, strict=True)]
    return select(*named).subquery("given")


def as_arrays(columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> FromClause:
    """For PostgreSQL: an array a column."""
    values = [list(found) for found in zip(*rows, strict=True)] or [[] for _ in columns]
    arrays = [
        bindparam(f"given_{of.name}", found, ARRAY(of.type), unique=True)
        for of, found in zip(columns, values, strict=True)
    ]
    table = func.unnest(*arrays).table_valued(*(column(of.name, of.type) for of in columns))
    return table.render_derived(name="given")
