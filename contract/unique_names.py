"""Names that may be given once in their list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from contract.faults import FaultLog, item, shown, under
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
            message = f"is a duplicate {what} {shown(name)}, as in {first[same]}"
            log.add(under(path, "name"), "duplicate", message, "rename one of them")
        elif name:
            first[same] = path
        seen.add(name)
    return seen - {""}


def check_unique_words(holder: dict[str, Any], key: str, path: str, log: FaultLog) -> None:
    """Each text in the list under `key` once; `path` is the holder's."""
    seen: set[str] = set()
    words = holder.get(key)
    for index, word in enumerate(words if isinstance(words, list) else ()):
        if isinstance(word, str) and word in seen:
            log.add(item(under(path, key), index), "duplicate", f"names {shown(word)} twice", "take one out")
        elif isinstance(word, str):
            seen.add(word)
