"""YAML for documents: the types of JSON, no tags, no duplicate keys, and nothing that grows when it is read.

Two passes over the text. The first looks at the events only and bounds nesting and aliases, since the second, which
builds the values, recurses. Words such as `no` or `on`, dates and `010` are text here, as in YAML 1.2.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from contract.faults import ContractError, Fault, FaultCode, shown
from contract.plain_values import DEEPEST

MOST_ALIASED: Final = 10_000

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _DocumentLoader(_LOADER):  # type: ignore[misc, valid-type]
    """The safe loader with YAML 1.2's idea of scalars."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_SCALARS: Final = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+))|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
)
for _name, _pattern, _first in _SCALARS:
    _DocumentLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"(?:{_pattern})\Z"), _first)


def parse_yaml(text: str) -> Any:
    """The value of the only document in the text; None when there is none. Raises ContractError."""
    try:
        _check_events(text)
        return _load(text)
    except yaml.MarkedYAMLError as problem:
        raise _fault("syntax", problem.problem_mark, problem.problem or problem.context or "is not YAML") from None
    except yaml.YAMLError:
        raise ContractError([Fault("", "syntax", "holds signs that YAML does not allow")]) from None
    except (ValueError, OverflowError):
        raise ContractError([Fault("", "syntax", "holds a number that is too long")]) from None


def _load(text: str) -> Any:
    loader = _DocumentLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _check_keys(node)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check_keys(root: yaml.Node) -> None:
    """Before merge keys are resolved, for a key may well be in a mapping and in what is merged into it."""
    waiting, seen_nodes = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            _check_mapping_keys(node)
            children = [child for pair in node.value for child in pair]
        else:
            children = node.value if isinstance(node, yaml.SequenceNode) else []
        for child in children:
            if id(child) not in seen_nodes:
                seen_nodes.add(id(child))
                waiting.append(child)


def _check_mapping_keys(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        if key.tag != "tag:yaml.org,2002:str":
            raise _fault("type", key.start_mark, "a key should be text; put it in quotes")
        if key.value in seen:
            raise _fault("duplicate", key.start_mark, f"the key {shown(key.value)} appears twice in one mapping")
        seen.add(key.value)


def _check_events(text: str) -> None:
    """Bounds depth, and the number of values that aliases repeat; refuses tags and aliases of what is still open."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    values = aliased = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise _fault("syntax", event.start_mark, "an alias refers to what is not complete yet, or not there")
            aliased += sizes[event.anchor]
            values += sizes[event.anchor]
            if aliased > MOST_ALIASED:
                raise _fault("too_large", event.start_mark, f"aliases repeat more than {MOST_ALIASED} values")
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            values += 1
            if event.tag is not None and event.tag != "!":
                raise _fault("syntax", event.start_mark, "tags are not supported; put text in quotes")
            if isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, values))
                if len(open_nodes) > DEEPEST:
                    raise _fault("too_large", event.start_mark, f"nested deeper than {DEEPEST} levels")
            elif event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor:
                sizes[anchor] = values - before + 1


def _fault(code: FaultCode, mark: Any, message: str) -> ContractError:
    at = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    return ContractError([Fault("", code, f"{at}{message}")])
