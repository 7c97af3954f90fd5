"""Finds the places that a pattern names in a document, takes values from there and settles them elsewhere.

A pattern is a path of keys with dots; `[]` after a key stands for each element of its list, `*` for every key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contract.faults import item, under
from contract.migration.notes import Journal

STAYS = "the value that is there already stays"


@dataclass(frozen=True, slots=True)
class Place:
    """A key that is there: its path, and the mapping that holds it."""

    path: str
    holder: dict[str, Any]
    key: str

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def take(self) -> Any:
        return self.holder.pop(self.key)


def places(document: dict[str, Any], pattern: str) -> list[Place]:
    """Every place that is there, in document order."""
    return list(_places(document, pattern.split("."), ""))


def _places(holder: Any, steps: list[str], path: str) -> Iterator[Place]:
    step, *further = steps
    key = step.removesuffix("[]")
    if not isinstance(holder, dict):
        return
    for name in list(holder) if key == "*" else [key] if key in holder else []:
        at = under(path, name)
        if step.endswith("[]"):
            for element_at, element in elements(holder, name, at):
                if further:
                    yield from _places(element, further, element_at)
        elif further:
            yield from _places(holder[name], further, at)
        else:
            yield Place(at, holder, name)


def elements(holder: dict[str, Any], key: str, path: str) -> list[tuple[str, dict[str, Any]]]:
    """The mappings in the list under `key`, with their paths."""
    listed = plain_list(holder.get(key))
    return [(item(path, index), element) for index, element in enumerate(listed) if isinstance(element, dict)]


def plain_list(value: Any) -> list[Any]:
    """The value when it is a list; what is none has its own fault."""
    return value if isinstance(value, list) else []


def mapping(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """The mapping under `key`, made when there is none."""
    value = holder.get(key)
    if not isinstance(value, dict):
        value = holder[key] = {}
    return value


def mapping_at(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The mapping at a plain path, made when there is none; the document itself for an empty path."""
    for step in path.split(".") if path else []:
        document = mapping(document, step)
    return document


def listing(holder: dict[str, Any], key: str) -> list[Any]:
    """The list under `key`, made when there is none."""
    value = holder.get(key)
    if not isinstance(value, list):
        value = holder[key] = []
    return value


def entry_named(holder: dict[str, Any], key: str, path: str, name: str) -> tuple[str, dict[str, Any]]:
    """The entry of a list that has this name, with its path; appended when there is none."""
    for at, entry in elements(holder, key, path):
        if entry.get("name") == name:
            return at, entry
    listed = listing(holder, key)
    listed.append({"name": name})
    return item(path, len(listed) - 1), listed[-1]


def move(document: dict[str, Any], old_path: str, new_path: str, journal: Journal) -> bool:
    """Moves the value at one plain path to another. What stands there already wins; False when there is nothing."""
    for place in places(document, old_path):
        value = place.take()
        _prune(document, old_path.split(".")[:-1])
        if new_path:
            way, _, key = new_path.rpartition(".")
            settle(mapping_at(document, way), key, value, (place.path, new_path), journal)
        elif isinstance(value, dict):
            _unwrap(document, place.path, value, journal)
        return value is not None
    return False


def _unwrap(document: dict[str, Any], path: str, section: dict[str, Any], journal: Journal) -> None:
    for key, value in section.items():
        settle(document, key, value, (under(path, key), key), journal)


def settle(holder: dict[str, Any], key: str, value: Any, paths: tuple[str, str], journal: Journal) -> None:
    """Puts a value where nothing stands yet; mappings and lists of named entries are filled up with what they lack."""
    old_path, new_path = paths
    if value is None:
        return
    if holder.get(key) is None:
        holder[key] = value
        journal.moved(old_path, new_path)
    elif isinstance(value, dict) and isinstance(holder[key], dict):
        for inner, element in value.items():
            settle(holder[key], inner, element, (under(old_path, inner), under(new_path, inner)), journal)
    elif _all_named(value) and _all_named(holder[key]):
        _settle_entries(holder[key], value, paths, journal)
    elif value != holder[key]:
        journal.dropped(old_path, f"{new_path}: {STAYS}")


def _settle_entries(present: list[Any], value: list[Any], paths: tuple[str, str], journal: Journal) -> None:
    names = {entry["name"] for entry in present}
    for index, entry in enumerate(value):
        old_path = item(paths[0], index)
        if entry["name"] not in names:
            present.append(entry)
            journal.moved(old_path, item(paths[1], len(present) - 1))
        elif entry not in present:
            journal.dropped(old_path, f"{paths[1]} has an entry of this name: {STAYS}")


def _all_named(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in value
    )


def _prune(document: dict[str, Any], way: list[str]) -> None:
    """Takes out the mappings that became empty when their last key moved away."""
    holders = [document]
    for step in way:
        holders.append(holders[-1][step])
    for holder, step, inner in reversed(list(zip(holders, way, holders[1:], strict=False))):
        if inner:
            return
        del holder[step]
