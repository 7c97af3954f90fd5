"""What two documents say differently: neither the order of keys nor a written-out default is a difference.

Elements of a list that have a name, unique in it, are compared with their namesakes, whatever their place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final, Literal

from pydantic import BaseModel

from contract.canonical import canonical_bytes
from contract.faults import item, shown, under

DifferenceKind = Literal["added", "removed", "changed", "moved"]

_NAMED_BY: Final = ("name", "model", "type", "recipe")
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing said differently, with both values as JSON; empty where a document says nothing.

    `path` looks like `providers.models['fast'].backend_refs[0].weight`. `moved`: the same elements in another order.
    """

    path: str
    kind: DifferenceKind
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a document says: `sparse` what it says itself, `full` with its defaults."""

    sparse: Any
    full: Any

    def of(self, key: str) -> Said:
        """What it says under a key; a default where it says nothing itself."""
        full = self.full.get(key, _NOTHING) if isinstance(self.full, dict) else _NOTHING
        nothing = {} if isinstance(full, dict) else full
        return Said(self.sparse.get(key, nothing) if isinstance(self.sparse, dict) else nothing, full)

    @property
    def absent(self) -> bool:
        """Whether it says nothing and has no default."""
        return self.sparse is _NOTHING


def said_by(document: BaseModel) -> Said:
    """What a checked document says."""
    full = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Said(json.loads(canonical_bytes(document)), full)


def said_raw(document: Mapping[str, Any]) -> Said:
    """What a document says that today's rules refuse: its defaults are not known."""
    return Said(document, document)


SAID_NOTHING: Final = Said({}, {})
_MISSING: Final = Said(_NOTHING, _NOTHING)


def differences(old: Said, new: Said) -> Iterator[Difference]:
    """Keys sorted, elements of lists as the new document has them, then those that only the old one has."""
    yield from _compared(old, new, "")


def _compared(old: Said, new: Said, path: str) -> Iterator[Difference]:
    sides = [side for side in (old, new) if not side.absent]
    if all(isinstance(side.sparse, dict) for side in sides):
        yield from _mappings(old, new, path)
    elif not all(_is_list_of_mappings(side) for side in sides):
        yield from _values(old, new, path)
    elif key := next((key for key in _NAMED_BY if all(_tells_apart(key, side) for side in sides)), None):
        yield from _named_elements(old, new, path, key)
    else:
        yield from _elements_in_place(old, new, path)


def _mappings(old: Said, new: Said, path: str) -> Iterator[Difference]:
    before, after = (SAID_NOTHING if side.absent else side for side in (old, new))
    for key in sorted({*before.sparse, *after.sparse}):
        yield from _compared(before.of(key), after.of(key), under(path, key))


def _named_elements(old: Said, new: Said, path: str, key: str) -> Iterator[Difference]:
    before, after = ({element.sparse[key]: element for element in _elements(side)} for side in (old, new))
    for name in [*after, *(name for name in before if name not in after)]:
        yield from _element(before.get(name, _MISSING), after.get(name, _MISSING), f"{path}[{shown(name)}]")
    kept_before, kept_after = [name for name in before if name in after], [name for name in after if name in before]
    if kept_before != kept_after:
        yield Difference(path, "moved", _json(kept_before), _json(kept_after))


def _elements_in_place(old: Said, new: Said, path: str) -> Iterator[Difference]:
    for index, (one, other) in enumerate(zip_longest(_elements(old), _elements(new), fillvalue=_MISSING)):
        yield from _element(one, other, item(path, index))


def _element(old: Said, new: Said, path: str) -> Iterator[Difference]:
    """An element that only one side has is told as a whole."""
    yield from (_values if old.absent or new.absent else _compared)(old, new, path)


def _values(old: Said, new: Said, path: str) -> Iterator[Difference]:
    kind: DifferenceKind = "added" if old.absent else "removed" if new.absent else "changed"
    before, after = _json(old.sparse), _json(new.sparse)
    if before != after:  # as text, since Python takes 1 for True
        yield Difference(path, kind, before, after)


def _is_list_of_mappings(side: Said) -> bool:
    return isinstance(side.sparse, list) and all(isinstance(element, dict) for element in side.sparse)


def _tells_apart(key: str, side: Said) -> bool:
    """Whether every element has a text of its own under the key."""
    names = [element.get(key) for element in side.sparse]
    return all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names)


def _elements(side: Said) -> list[Said]:
    """A list has the same elements in its sparse and in its full form."""
    if side.absent:
        return []
    full = side.full if isinstance(side.full, list) and len(side.full) == len(side.sparse) else side.sparse
    return [Said(sparse, whole) for sparse, whole in zip(side.sparse, full, strict=True)]


def _json(value: Any) -> str:
    return "" if value is _NOTHING else json.dumps(value, sort_keys=True, ensure_ascii=False)
