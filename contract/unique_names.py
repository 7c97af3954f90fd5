"""Names that may be given once in their list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from contract.faults import FaultLog, shown, under
from contract.plain_values import text


def check_unique(
    named: Iterable[tuple[str, dict[str, Any]]], what: str, log: FaultLog, fold: Callable[[str], str] = str
) -> set[str]:
    """The names seen; each further entry of a name is a fault that points to the first.

    `named` gives each entry with its path. Names count as the same when `fold` makes them so.
    """
    first: dict[str, str] = {}
    seen = set()
    for path, entry in named:
        name = text(entry, "name")
        same = fold(name)
        if name and same in first:
            log.add(under(path, "name"), "duplicate", f"is a duplicate {what} {shown(name)}, as in {first[same]}")
        elif name:
            first[same] = path
        seen.add(name)
    return seen - {""}
