"""The values of a YAML text, put together from the parser's events in one pass; nothing but the values is kept.

What is doubtful and yet can be read on, such as a key that appears twice, is refused at the end: a text that is no YAML
further down is better told that first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from contract.faults import ContractError, FaultCode, shown
from contract.yaml_bounds import MEND_SYNTAX, fault_at


class _Merge:
    """The plain key `<<`."""


MERGE: Final = _Merge()
_NOTHING: Final = object()
_NAMES: Final[dict[type, str]] = {dict: "mapping", list: "sequence"}


def _float(text: str) -> float:
    return float(text.replace(".", "", 1) if text[-1] in "fFnN" else text)


def _int(text: str) -> int:
    return int(text, 16) if text.startswith("0x") else int(text)


_FLOAT: Final = (
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+))"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_SCALARS: Final[tuple[tuple[str, str, Callable[[str], Any]], ...]] = (
    ("~nN", r"~|null|Null|NULL", lambda text: None),
    ("tTfF", r"true|True|TRUE|false|False|FALSE", lambda text: text[0] in "tT"),
    ("-+0123456789", r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+", _int),
    ("-+.0123456789", _FLOAT, _float),
    ("<", r"<<", lambda text: MERGE),
)
_BY_FIRST_SIGN: Final[dict[str, list[tuple[Any, Callable[[str], Any]]]]] = {}
for _signs, _pattern, _make in _SCALARS:
    for _sign in _signs:
        _BY_FIRST_SIGN.setdefault(_sign, []).append((re.compile(_pattern).fullmatch, _make))


def plain_scalar(text: str) -> Any:
    """What text without quotes means in YAML 1.2: `no`, dates and `010` are text. Raises ValueError for a number that
    is too long."""
    if not text:
        return None
    for matches, make in _BY_FIRST_SIGN.get(text[0], ()):
        if matches(text):
            return make(text)
    return text


@dataclass(slots=True)
class _Open:
    """A mapping or a list that has begun. `key`: the mapping's key whose value comes next; `merged`: what `<<` brings;
    `marks`: where the parts of a list begin, kept only of one that `<<` brings."""

    anchor: str | None
    value: Any
    mark: Any
    key: Any = _NOTHING
    merged: list[Any] = field(default_factory=list)
    marks: list[Any] | None = None


class Reading:
    """One document's values. Every alias must refer to what is complete, as `contract.yaml_bounds` makes sure."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._anchored: dict[str, Any] = {}
        self._documents = 0
        self._value: Any = None
        self._refusal: ContractError | None = None

    def value_of(self, events: Iterable[Any]) -> Any:
        """The value of the only document; None when there is none. Raises ContractError."""
        for event in events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._begin(event, {} if kind is yaml.MappingStartEvent else [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._end()
            elif kind is yaml.AliasEvent:
                self._put(self._anchored[event.anchor], event.start_mark)
            elif kind is yaml.DocumentStartEvent:
                self._documents += 1
                if self._documents == 2:
                    self._refuse("syntax", event.start_mark, "but found another document", MEND_SYNTAX)
        if self._refusal is not None:
            raise self._refusal
        return self._value

    def _scalar(self, event: Any) -> None:
        value = event.value
        if event.implicit[0]:
            try:
                value = plain_scalar(value)
            except ValueError:
                self._refuse("syntax", event.start_mark, "holds a number that is too long", "put it in quotes")
        if event.anchor:
            self._anchor(event.anchor, value, event.start_mark)
        self._put(value, event.start_mark)

    def _begin(self, event: Any, value: Any) -> None:
        above = self._open[-1] if self._open else None
        self._open.append(_Open(event.anchor, value, event.start_mark))
        if above is not None and above.key is MERGE and type(value) is list:
            self._open[-1].marks = []

    def _end(self) -> None:
        ended = self._open.pop()
        value = ended.value
        if ended.merged:
            own, value = value, {}
            for source in ended.merged:
                value.update(source)
            value.update(own)
        if ended.anchor:
            self._anchor(ended.anchor, value, ended.mark)
        self._put(value, ended.mark, ended.marks)

    def _anchor(self, name: str, value: Any, mark: Any) -> None:
        if name in self._anchored:
            self._refuse("syntax", mark, f"the anchor {shown(name)} is there twice", "give one of the two another name")
        self._anchored[name] = value

    def _put(self, value: Any, mark: Any, marks: list[Any] | None = None) -> None:
        """Into what is open: a part of a list, a key, or the value of the key before."""
        if not self._open:
            self._value = self._no_merge(value, mark) if self._documents == 1 else self._value
            return
        into = self._open[-1]
        if type(into.value) is list:
            into.value.append(self._no_merge(value, mark))
            if into.marks is not None:
                into.marks.append(mark)
        elif into.key is _NOTHING:
            into.key = value if value is MERGE else self._key(value, into.value, mark)
        else:
            if into.key is MERGE:
                into.merged += self._merged(value, mark, marks)
            else:
                into.value[into.key] = self._no_merge(value, mark)
            into.key = _NOTHING

    def _key(self, key: Any, mapping: dict[str, Any], mark: Any) -> str:
        if type(key) is not str:
            self._refuse("type", mark, "a key should be text", "put it in quotes")
            return ""
        if key in mapping:
            self._refuse("duplicate", mark, f"the key {shown(key)} appears twice in one mapping", "keep one of the two")
        return key

    def _merged(self, value: Any, mark: Any, marks: list[Any] | None) -> list[dict[str, Any]]:
        """What `<<` brings, the weakest first: of a list the first mapping is the strongest."""
        if type(value) is dict:
            return [value]
        if type(value) is list:
            for at, part in zip(marks or [mark] * len(value), value, strict=True):
                if type(part) is not dict:
                    self._no_mapping(part, at, "a mapping")
            return [part for part in reversed(value) if type(part) is dict]
        self._no_mapping(value, mark, "a mapping or list of mappings")
        return []

    def _no_mapping(self, value: Any, mark: Any, expected: str) -> None:
        found = _NAMES.get(type(value), "scalar")
        self._refuse("syntax", mark, f"expected {expected} for merging, but found {found}", MEND_SYNTAX)

    def _no_merge(self, value: Any, mark: Any) -> Any:
        if value is MERGE:
            self._refuse("syntax", mark, "the sign << stands where a value should", "put it in quotes")
        return value

    def _refuse(self, code: FaultCode, mark: Any, message: str, remedy: str) -> None:
        """The first refusal is told."""
        if self._refusal is None:
            self._refusal = fault_at(code, mark, message, remedy)
