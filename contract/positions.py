"""Where in a text the parts of a document stand: line and column of a fault, found from its path once there is one.

A text is gone through again for that, so that a good document pays nothing. What is not written, such as a field that
is missing, is shown where its mapping begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from contract.faults import ContractError, Fault
from contract.json_places import json_places
from contract.text import decoded_source, is_json

DEEPEST_STEP: Final = 48

_STEPS: Final = re.compile(
    r"""\.?(?P<key>[A-Za-z0-9_-]+) | (?P<index>\[[0-9]+\]) | (?P<quoted>\[(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\])""",
    re.VERBOSE,
)


class Place(Protocol):
    """A value in the text, or the key that stands before it; lines and columns count from 1."""

    @property
    def key_at(self) -> tuple[int, int]:
        """Where it begins: its key in a mapping, itself in a list."""

    @property
    def value_at(self) -> tuple[int, int]:
        """Where the value begins."""

    def within(self) -> Mapping[str, Place]:
        """What it holds, by the step that a path takes: `name`, `[0]` or `['a b']`. Found once."""


def located(faults: Iterable[Fault], text: str | bytes | None) -> tuple[Fault, ...]:
    """The faults with their places in the text; unchanged where the text is not known or cannot be read."""
    faults = tuple(faults)
    if text is None or all(fault.line is not None for fault in faults):
        return faults
    try:
        decoded = decoded_source(text)
        root = json_places(decoded) if is_json(decoded) else _yaml_places(decoded)
        return tuple(_located(fault, root) if root is not None and fault.line is None else fault for fault in faults)
    except (ContractError, RecursionError):
        return faults


def _yaml_places(text: str) -> Place | None:
    from contract.yaml_places import yaml_places  # what reads JSON alone starts without it

    return yaml_places(text)


def _located(fault: Fault, root: Place) -> Fault:
    here, at = root, root.value_at
    for step in steps_of(fault.path):
        inner = here.within().get(step)
        if inner is None:
            at = here.value_at
            break
        here, at = inner, inner.key_at
    return replace(fault, line=at[0], column=at[1])


def steps_of(path: str) -> list[str]:
    """`a[0].b` as `a`, `[0]`, `b`: the steps of a path as `contract.faults` writes it."""
    found = []
    for match in _STEPS.finditer(path):
        found.append(match["key"] or match["index"] or match["quoted"])
        if len(found) >= DEEPEST_STEP:
            break
    return found
