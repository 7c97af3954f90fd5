"""The places of a YAML text, from its nodes; merge keys and aliases lead to what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from contract.faults import item, under
from contract.yaml_nodes import NO_TEXT, At, Branch, Node, place_of
from contract.yaml_text import compose
from contract.yaml_values import MERGE


def yaml_places(text: str) -> YamlPlace | None:
    """The root of the only document in the text. Raises ContractError for what is no YAML, or out of bounds."""
    root = compose(text)
    return None if root is None else YamlPlace(place_of(root), root)


class YamlPlace:
    """A node, with the place of the key before it."""

    def __init__(self, key_at: At, node: Node) -> None:
        self._key_at = key_at
        self._node = node

    @property
    def key_at(self) -> At:
        """Where its key begins, or the value of a list."""
        return self._key_at

    @property
    def value_at(self) -> At:
        """Where the value begins."""
        return place_of(self._node)

    def within(self) -> Mapping[str, YamlPlace]:
        """What it holds, by the step that a path takes."""
        return self._within

    @cached_property
    def _within(self) -> dict[str, YamlPlace]:
        node = self._node
        if not isinstance(node, Branch):
            return {}
        if node.items is None:
            return _of_mapping(node)
        return {item("", index): YamlPlace(place_of(each), each) for index, each in enumerate(node.items)}


def _of_mapping(node: Branch) -> dict[str, YamlPlace]:
    """Own keys over merged ones, and of those the first that has the key, as the values are built."""
    parts = node.parts or ()
    places = {under("", key): YamlPlace(at, value) for key, at, value in parts if key not in (MERGE, NO_TEXT)}
    for key, _, merged in parts:
        if key is MERGE:
            sources = merged.items if isinstance(merged, Branch) and merged.items is not None else [merged]
            for source in sources:
                if isinstance(source, Branch) and source.items is None:
                    places = {**_of_mapping(source), **places}
    return places
