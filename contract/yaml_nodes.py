"""The nodes of a YAML text with their places and nothing else: no tags, no values but keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import yaml

from contract.yaml_values import MERGE

At = tuple[int, int]
"""Line and column, from 1."""


class Branch:
    """A mapping or a list. `parts`: of a mapping its keys, each with its place and its value; `items`: of a list its
    elements."""

    __slots__ = ("at", "items", "parts")

    def __init__(self, at: At, parts: list[tuple[Any, At, Node]] | None, items: list[Node] | None) -> None:
        self.at = at
        self.parts = parts
        self.items = items


Node = Branch | At
"""Most nodes are values: where one begins is all there is to know, and no object for each of them is all the speed."""

NO_TEXT: Final = object()
"""The key of a pair whose key is no text."""


def place_of(node: Node) -> At:
    """Where it begins."""
    return node.at if isinstance(node, Branch) else node


class _Open:
    """A mapping or list that has begun. `key` is the key, with its place, whose value comes next."""

    __slots__ = ("anchor", "key", "node")

    def __init__(self, node: Branch, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: tuple[Any, At] | None = None


class Composing:
    """One document's nodes. Every alias must refer to what is complete, as `contract.yaml_bounds` makes sure."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._anchored: dict[str, tuple[Any, Node]] = {}
        self._roots: list[Node] = []

    def root_of(self, events: Iterable[Any]) -> Node | None:
        """The root of the only document; None when there is none, or several."""
        for event in events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent:
                self._open.append(_Open(Branch(_at(event), [], None), event.anchor))
            elif kind is yaml.SequenceStartEvent:
                self._open.append(_Open(Branch(_at(event), None, []), event.anchor))
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                ended = self._open.pop()
                self._put(NO_TEXT, ended.node, ended.anchor)
            elif kind is yaml.AliasEvent:
                self._put(*self._anchored[event.anchor], None)
        return self._roots[0] if len(self._roots) == 1 else None

    def _scalar(self, event: Any) -> None:
        text = event.value
        if text == "<<" and event.implicit[0]:
            text = MERGE
        self._put(text, _at(event), event.anchor)

    def _put(self, text: Any, node: Node, anchor: str | None) -> None:
        """`text`: what the node is as a key."""
        if anchor:
            self._anchored[anchor] = text, node
        if not self._open:
            self._roots.append(node)
            return
        into = self._open[-1]
        if into.node.items is not None:
            into.node.items.append(node)
        elif into.key is None:
            into.key = text, place_of(node)
        elif into.node.parts is not None:
            into.node.parts.append((*into.key, node))
            into.key = None


def _at(event: Any) -> At:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1
