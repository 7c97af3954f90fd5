"""What a migration did, in notes that name paths and reasons and never a value: a value may be a secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Layout(StrEnum):
    """How the file was laid out before."""

    CANONICAL = "canonical"
    LEGACY = "legacy"
    LITELLM = "litellm"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was done. `new_path` is empty for what is not in the result."""

    old_path: str
    new_path: str
    why: str


@dataclass(frozen=True, slots=True)
class Migration:
    """A document in the canonical layout, and how it came about.

    `moved` stands elsewhere, or otherwise, than before; `dropped` had no effect or has none any more; `undecided` had a
    meaning that the contract cannot say, or that only a person can judge, and is not in the document.
    """

    layout: Layout
    document: dict[str, Any] = field(repr=False)
    moved: tuple[Note, ...] = ()
    dropped: tuple[Note, ...] = ()
    undecided: tuple[Note, ...] = ()
    changed: bool = False


class Journal:
    """Collects notes in the order in which things are done; the same note counts once.

    What is done to a value after it moved is noted under the path that it had in the file.
    """

    def __init__(self) -> None:
        self._moved: dict[Note, None] = {}
        self._dropped: dict[Note, None] = {}
        self._undecided: dict[Note, None] = {}
        self._origins: dict[str, str] = {}

    def moved(self, path: str, new_path: str, why: str = "") -> None:
        origin = self._origin_of(path)
        if origin != new_path or why:
            self._moved[Note(origin, new_path, why)] = None
            self._origins.setdefault(new_path, origin)

    def dropped(self, path: str, why: str) -> None:
        self._dropped[Note(self._origin_of(path), "", why)] = None

    def undecided(self, path: str, why: str, new_path: str = "") -> None:
        self._undecided[Note(self._origin_of(path), new_path, why)] = None

    def migration(self, layout: Layout, document: dict[str, Any], *, changed: bool) -> Migration:
        return Migration(
            layout, document, tuple(self._moved), tuple(self._dropped), tuple(self._undecided), changed=changed
        )

    def _origin_of(self, path: str) -> str:
        """Where the nearest thing around it came from, and the way from there."""
        around = path
        while around:
            if around in self._origins:
                return self._origins[around] + path[len(around) :]
            around = around[: max(around.rfind("."), around.rfind("["), 0)]
        return path
