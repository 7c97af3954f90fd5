"""What anybody hands in, copied into plain dicts and lists within bounds, so that later steps need fear nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from contract.faults import ContractError, Fault, FaultLog, item, shown, under

DEEPEST: Final = 64
MOST_VALUES: Final = 200_000

NO_MAPPING: Final = "should be a mapping of sections"
BEGIN_WITH_SECTIONS: Final = "begin with sections such as version: and routing:"
SMALLER: Final = "make the document smaller"

_PLAIN: Final = frozenset({int, float, bool, type(None)})
_SCALARS: Final = (str, int, float, bool, type(None))


def plain(raw: object, log: FaultLog) -> dict[str, Any]:
    """A copy of a mapping of JSON-like values; what is not JSON-like is logged and left out.

    Raises ContractError at once for what is no mapping, too deep or too large: nothing else can be said of it.
    """
    if not isinstance(raw, Mapping):
        raise ContractError([Fault("", "type", NO_MAPPING, BEGIN_WITH_SECTIONS)])
    copied: dict[str, Any]
    try:
        copied = _QuickCopier().copy(raw, 0)
    except (_NotPlain, RecursionError):
        copied = _Copier(log).copy(raw, "", 0)
    return copied


def section(holder: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The mapping under `key`; an empty one when there is none or something else, which has its own fault."""
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def entries(holder: Mapping[str, Any], key: str, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The mappings in the list under `key`, each with its path; whatever is something else has its own fault."""
    value = holder.get(key)
    for index, element in enumerate(value if isinstance(value, list) else ()):
        if isinstance(element, dict):
            yield item(path, index), element


def text(holder: Mapping[str, Any], key: str) -> str:
    """The text under `key`; empty when there is none or something else, which has its own fault."""
    value = holder.get(key)
    return value if isinstance(value, str) else ""


class _NotPlain(Exception):
    """Something is to be said of the values."""


class _QuickCopier:
    """Copies what parsers make, and knows no paths: whatever is doubtful is looked at again by `_Copier`."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def copy(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            if value.isascii() or _is_unicode(value):
                return value
        elif kind is dict:
            return self._mapping(value, depth + 1)
        elif kind is list:
            return self._list(value, depth + 1)
        elif kind in _PLAIN:
            return value
        raise _NotPlain

    def _mapping(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        self._enter(len(value), depth)
        copy, copied = self.copy, {}
        for key, element in value.items():
            if type(key) is not str or not (key.isascii() or _is_unicode(key)):
                raise _NotPlain
            kind = type(element)
            copied[key] = element if kind in _PLAIN or (kind is str and element.isascii()) else copy(element, depth)
        return copied

    def _list(self, value: list[Any], depth: int) -> list[Any]:
        self._enter(len(value), depth)
        copy = self.copy
        return [one if type(one) is str and one.isascii() else copy(one, depth) for one in value]

    def _enter(self, values: int, depth: int) -> None:
        self._left -= values
        if self._left <= 0 or depth > DEEPEST:
            raise _NotPlain


class _Copier:
    def __init__(self, log: FaultLog) -> None:
        self._log = log
        self._left = MOST_VALUES

    def copy(self, value: object, path: str, depth: int) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ContractError([Fault("", "too_large", f"has more than {MOST_VALUES} values", SMALLER)])
        if depth > DEEPEST:
            message = f"is nested deeper than {DEEPEST} levels"
            raise ContractError([Fault(path[:200], "too_large", message, SMALLER)])
        if isinstance(value, Mapping):
            return self._mapping(value, path, depth)
        if isinstance(value, list | tuple):
            return [self.copy(element, item(path, index), depth + 1) for index, element in enumerate(value)]
        if isinstance(value, str) and not _is_unicode(value):
            self._log.add(path, "type", "should be valid Unicode text", "take the lone surrogate out")
            return ""
        if not isinstance(value, _SCALARS):
            kinds = "text, a number, true, false, a list or a mapping"
            self._log.add(path, "type", "is no value of JSON", f"write {kinds}")
            return None
        return value

    def _mapping(self, value: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
        copied = {}
        for key, element in value.items():
            if not isinstance(key, str) or not _is_unicode(key):
                self._log.add(path, "type", f"has a key that is not text: {shown(str(key))}", "put it in quotes")
                continue
            copied[key] = self.copy(element, under(path, key), depth + 1)
        return copied


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
