"""YAML for documents: the types of JSON, no tags, no duplicate keys, and nothing that grows when it is read.

Two passes over the text: `contract.yaml_bounds` looks at the events, then the values are built. Words such as `no` or
`on`, dates and `010` are text here, as in YAML 1.2.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from contract.faults import ContractError, Fault, shown
from contract.yaml_bounds import check_bounds, fault_at

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
        check_bounds(yaml.parse(text, Loader=_LOADER))
        return _load(text)
    except yaml.MarkedYAMLError as problem:
        raise fault_at("syntax", problem.problem_mark, problem.problem or problem.context or "is not YAML") from None
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
            raise fault_at("type", key.start_mark, "a key should be text; put it in quotes")
        if key.value in seen:
            raise fault_at("duplicate", key.start_mark, f"the key {shown(key.value)} appears twice in one mapping")
        seen.add(key.value)
