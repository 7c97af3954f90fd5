"""YAML for documents: the types of JSON, no tags, no duplicate keys, and nothing that grows when it is read.

One pass over the parser's events, within bounds (`contract.yaml_bounds`), gives the values (`contract.yaml_values`) or
the places of everything (`contract.yaml_nodes`). Words such as `no` or `on`, dates and `010` are text, as in YAML 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import yaml

from contract.faults import ContractError, Fault
from contract.yaml_bounds import fault_at, within_bounds
from contract.yaml_nodes import Composing, Node
from contract.yaml_values import Reading

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_YAML: Final = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_yaml(text: str) -> Any:
    """The value of the only document in the text; None when there is none. Raises ContractError."""
    with _loading(text) as events:
        return Reading().value_of(events)


def compose(text: str) -> Node | None:
    """The nodes of the only document in the text, with their places; None when there is none, or several.

    Raises ContractError."""
    with _loading(text) as events:
        return Composing().root_of(events)


@contextmanager
def _loading(text: str) -> Iterator[Iterable[Any]]:
    """The events of the text, within bounds; what the parser raises inside becomes a fault with its place."""
    loader = None
    try:
        loader = _LOADER(text)
        yield within_bounds(iter(loader.get_event, None))
    except yaml.MarkedYAMLError as problem:
        raise fault_at("syntax", problem.problem_mark, problem.problem or problem.context or "is not YAML") from None
    except yaml.YAMLError:
        raise _forbidden_sign(text) from None
    finally:
        if loader is not None:
            loader.dispose()


def _forbidden_sign(text: str) -> ContractError:
    found = _NOT_YAML.search(text)
    at = found.start() if found else 0
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    message, remedy = "holds a sign that YAML does not allow", "take the control character out"
    return ContractError([Fault("", "syntax", message, remedy, line=line, column=column)])
