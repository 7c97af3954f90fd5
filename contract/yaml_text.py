"""YAML for documents: the types of JSON, no tags, no duplicate keys, and nothing that grows when it is read.

Two passes over the text: `contract.yaml_bounds` looks at the events, then the values are built. Words such as `no` or
`on`, dates and `010` are text here, as in YAML 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
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
_NOT_YAML: Final = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MERGE: Final = "tag:yaml.org,2002:merge"
"""The tag of the key `<<`."""

for _name, _pattern, _first in _SCALARS:
    _DocumentLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"(?:{_pattern})\Z"), _first)


def parse_yaml(text: str) -> Any:
    """The value of the only document in the text; None when there is none. Raises ContractError."""
    with _loading(text) as loader:
        node = _composed(text, loader)
        if node is None:
            return None
        _check_keys(node)
        return loader.construct_document(node)


def compose(text: str) -> yaml.Node | None:
    """The nodes of the only document in the text, with their marks; None when there is none. Raises ContractError."""
    with _loading(text) as loader:
        return _composed(text, loader)


@contextmanager
def _loading(text: str) -> Iterator[Any]:
    """A loader of the text; what the parser raises inside becomes a fault with its place."""
    loader = None
    try:
        loader = _DocumentLoader(text)
        yield loader
    except yaml.MarkedYAMLError as problem:
        raise fault_at("syntax", problem.problem_mark, problem.problem or problem.context or "is not YAML") from None
    except yaml.YAMLError:
        raise _forbidden_sign(text) from None
    except (ValueError, OverflowError):
        raise ContractError([Fault("", "syntax", "holds a number that is too long", "put it in quotes")]) from None
    finally:
        if loader is not None:
            loader.dispose()


def _composed(text: str, loader: Any) -> yaml.Node | None:
    check_bounds(yaml.parse(text, Loader=_LOADER))
    node: yaml.Node | None = loader.get_single_node()
    return node


def _forbidden_sign(text: str) -> ContractError:
    found = _NOT_YAML.search(text)
    at = found.start() if found else 0
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    message, remedy = "holds a sign that YAML does not allow", "take the control character out"
    return ContractError([Fault("", "syntax", message, remedy, line=line, column=column)])


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
        if key.tag == MERGE:
            continue
        if key.tag != "tag:yaml.org,2002:str":
            raise fault_at("type", key.start_mark, "a key should be text", "put it in quotes")
        if key.value in seen:
            message = f"the key {shown(key.value)} appears twice in one mapping"
            raise fault_at("duplicate", key.start_mark, message, "keep one of the two")
        seen.add(key.value)
