"""The tables of the older layouts, applied to a document in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract.faults import under
from contract.migration.notes import Journal
from contract.migration.old_layouts import DROPPED, MODEL_REFS, MOVES, RENAMED, RESPELT, UNDECIDED
from contract.migration.places import Place, elements, move, places, settle


def move_all(document: dict[str, Any], journal: Journal) -> None:
    """Moves every key of the table, and names the models that the moved modules stand for."""
    arrived = {new_path for old_path, new_path in MOVES if move(document, old_path, new_path, journal)}
    for path, name in MODEL_REFS.items():
        for place in places(document, path):
            module = place.value
            if path in arrived and isinstance(module, dict) and "model_id" in module:
                module.setdefault("model_ref", name)


def rename_all(document: dict[str, Any], journal: Journal) -> None:
    """Names and values that are spelt otherwise now."""
    for pattern, name in RENAMED:
        for place in _in_routings(document, pattern):
            path = place.path.removesuffix(place.key) + name
            settle(place.holder, name, place.take(), (place.path, path), journal)
    for pattern, old, new, why in RESPELT:
        for place in _in_routings(document, pattern):
            if place.value == old and new is None:
                place.take()
                journal.dropped(place.path, why)
            elif place.value == old:
                place.holder[place.key] = new
                journal.moved(place.path, place.path, why)


def retire_all(document: dict[str, Any], journal: Journal) -> None:
    """Takes out what has no place any more."""
    for table, note in ((DROPPED, journal.dropped), (UNDECIDED, journal.undecided)):
        for pattern, why in table:
            for place in _in_routings(document, pattern):
                if place.take() is not None:
                    note(place.path, why)


def routings(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The routing of the document and of each of its recipes, with their paths."""
    found = [("routing", document.get("routing"))]
    found += [
        (under(path, "routing"), recipe.get("routing")) for path, recipe in elements(document, "recipes", "recipes")
    ]
    return [(path, routing) for path, routing in found if isinstance(routing, dict)]


def _in_routings(document: dict[str, Any], pattern: str) -> Iterator[Place]:
    if "{routing}" not in pattern:
        yield from places(document, pattern)
        return
    for prefix in ("routing", "recipes[].routing"):
        yield from places(document, pattern.replace("{routing}", prefix))
