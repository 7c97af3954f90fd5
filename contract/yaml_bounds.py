"""Bounds on a YAML text, taken from its events: building the values recurses and repeats what aliases point to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import yaml

from contract.faults import ContractError, Fault, FaultCode
from contract.plain_values import DEEPEST, MOST_VALUES, SMALLER

MEND_SYNTAX: Final = "mend the YAML here or just before"
MOST_ALIASED: Final = 10_000
MOST_NODES: Final = 2 * MOST_VALUES  # keys are nodes too

_BEGINS: Final = (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS: Final = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def within_bounds(events: Iterable[Any]) -> Iterator[Any]:
    """The events. Raises ContractError for a text that is too large, too deep, tagged, or whose aliases repeat too much
    or refer to what is not complete."""
    bounds = _Bounds()
    for event in events:
        kind = type(event)
        if kind is yaml.AliasEvent:
            bounds.repeat(event)
        elif kind in _BEGINS:
            bounds.enter(event)
        elif kind in _ENDS:
            bounds.leave()
        yield event


def fault_at(code: FaultCode, mark: Any, message: str, remedy: str = MEND_SYNTAX) -> ContractError:
    """The refusal of a text, with the place of `mark` when the parser gives one."""
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
    return ContractError([Fault("", code, message, remedy, line=line, column=column)])


class _Bounds:
    """Counts nodes as they will be once aliases are followed; `sizes` holds those of complete anchored nodes."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._open: list[tuple[str | None, int]] = []
        self._nodes = self._aliased = 0

    def enter(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise fault_at("too_large", event.start_mark, f"has more than {MOST_NODES} keys and values", SMALLER)
        if event.tag is not None and event.tag != "!":
            raise fault_at("syntax", event.start_mark, "tags are not supported", "put text in quotes")
        if isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, self._nodes))
            if len(self._open) > DEEPEST:
                raise fault_at("too_large", event.start_mark, f"nested deeper than {DEEPEST} levels", SMALLER)
        elif event.anchor:
            self._sizes[event.anchor] = 1

    def leave(self) -> None:
        anchor, before = self._open.pop()
        if anchor:
            self._sizes[anchor] = self._nodes - before + 1

    def repeat(self, event: yaml.AliasEvent) -> None:
        size = self._sizes.get(event.anchor or "")
        if size is None:
            message = "an alias refers to what is not complete yet, or not there"
            raise fault_at("syntax", event.start_mark, message, "anchor the value before, outside of itself")
        self._nodes += size
        self._aliased += size
        if self._aliased > MOST_ALIASED:
            message = f"aliases repeat more than {MOST_ALIASED} values"
            raise fault_at("too_large", event.start_mark, message, "write out what is meant, or use fewer aliases")
