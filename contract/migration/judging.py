"""What the contract still finds wrong with a migrated document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from contract.faults import ContractError, Fault, item, under
from contract.reading import parse_workspace

# Two dollars are one dollar.
_REFERENCE: Final = re.compile(r"(?<!\$)(?:\$\$)*\$(?:\{|[A-Za-z0-9_])")


def remaining_faults(document: dict[str, Any]) -> tuple[Fault, ...]:
    """Every fault, except of values that are still to be filled in from the environment: those wait for `apply`."""
    try:
        parse_workspace(document)
    except ContractError as refusal:
        waiting = {path for path, value in values(document, "") if is_reference(value)}
        return tuple(fault for fault in refusal.faults if fault.path not in waiting)
    return ()


def is_reference(value: Any) -> bool:
    """Whether a text names an environment variable."""
    return isinstance(value, str) and _REFERENCE.search(value) is not None


def values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value inside, with its path."""
    if isinstance(value, dict):
        for key, element in value.items():
            yield under(path, key), element
            yield from values(element, under(path, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield item(path, index), element
            yield from values(element, item(path, index))
