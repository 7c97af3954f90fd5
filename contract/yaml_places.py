"""The places of a YAML text, from the nodes that the parser composes; merge keys and aliases lead to what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import yaml

from contract.faults import item, under
from contract.yaml_text import MERGE, compose


def yaml_places(text: str) -> YamlPlace | None:
    """The root of the only document in the text. Raises ContractError for what `parse_yaml` refuses."""
    root = compose(text)
    return None if root is None else YamlPlace(root.start_mark, root)


class YamlPlace:
    """A node, with the mark of the key before it."""

    def __init__(self, mark: Any, node: yaml.Node) -> None:
        self._mark = mark
        self._node = node

    @property
    def key_at(self) -> tuple[int, int]:
        """Where its key begins, or the value of a list."""
        return self._mark.line + 1, self._mark.column + 1

    @property
    def value_at(self) -> tuple[int, int]:
        """Where the value begins."""
        return self._node.start_mark.line + 1, self._node.start_mark.column + 1

    def within(self) -> Mapping[str, YamlPlace]:
        """What it holds, by the step that a path takes."""
        return self._within

    @cached_property
    def _within(self) -> dict[str, YamlPlace]:
        node = self._node
        if isinstance(node, yaml.MappingNode):
            return _of_mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return {item("", index): YamlPlace(element.start_mark, element) for index, element in enumerate(node.value)}
        return {}


def _of_mapping(node: yaml.MappingNode) -> dict[str, YamlPlace]:
    """Own keys over merged ones, and of those the first that has the key, as the values are built."""
    places = {under("", key.value): YamlPlace(key.start_mark, value) for key, value in node.value if key.tag != MERGE}
    for key, merged in node.value:
        if key.tag != MERGE:
            continue
        sources = merged.value if isinstance(merged, yaml.SequenceNode) else [merged]
        for source in sources:
            if isinstance(source, yaml.MappingNode):
                places = {**_of_mapping(source), **places}
    return places
