"""The places of a JSON text: each object and list is gone through when a path leads into it, the rest is skipped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final

from contract.faults import item, under

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SKIP: Final = json.JSONDecoder()


def json_places(text: str) -> JsonPlace:
    """The root of a text that is known to be JSON."""
    start = _past_space(text, 0)
    return JsonPlace(_Lines(text), start, start)


class _Lines:
    """A text whose offsets are asked for mostly in rising order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._offset = self._line = 0

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column, counted from 1."""
        if offset < self._offset:
            self._offset = self._line = 0
        self._line += self.text.count("\n", self._offset, offset)
        self._offset = offset
        return self._line + 1, offset - self.text.rfind("\n", 0, offset)


class JsonPlace:
    """A value by its offset, with that of the key before it."""

    def __init__(self, lines: _Lines, key: int, value: int) -> None:
        self._lines = lines
        self._key = key
        self._value = value

    @property
    def key_at(self) -> tuple[int, int]:
        """Where its key begins, or the value of a list."""
        return self._lines.at(self._key)

    @property
    def value_at(self) -> tuple[int, int]:
        """Where the value begins."""
        return self._lines.at(self._value)

    def within(self) -> Mapping[str, JsonPlace]:
        """What it holds, by the step that a path takes."""
        return self._within

    @cached_property
    def _within(self) -> dict[str, JsonPlace]:
        return dict(_inside(self._lines, self._value))


def _inside(lines: _Lines, start: int) -> Iterator[tuple[str, JsonPlace]]:
    text, is_object, index = lines.text, lines.text[start] == "{", 0
    if text[start] not in "{[":
        return
    at = _past_space(text, start + 1)
    while text[at] not in "}]":
        key_at, step = at, item("", index)
        if is_object:
            key, at = _text(text, at)
            step, at = under("", key), _past_space(text, at)
            at = _past_space(text, at + 1)  # the colon
        yield step, JsonPlace(lines, key_at, at)
        at = _past_space(text, _SKIP.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _past_space(text, at + 1)
        index += 1


def _text(text: str, at: int) -> tuple[str, int]:
    found: Any = scanstring(text, at + 1)
    return found[0], found[1]


def _past_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
