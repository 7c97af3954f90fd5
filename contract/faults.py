"""What is wrong with a document: every fault at once, with its path, a stable code and a way out; warnings apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

MOST_FAULTS: Final = 1000

FaultCode = Literal[
    "address",
    "conflict",
    "deprecated",
    "duplicate",
    "egress",
    "environment",
    "header",
    "not_canonical",
    "range",
    "reference",
    "required",
    "secret",
    "syntax",
    "too_large",
    "type",
    "unknown_field",
    "unsupported",
    "value",
]
"""The codes of this library's faults; docs/CONTRACT.md says what each means. None is ever renamed."""

Severity = Literal["error", "warning"]

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_NUMBERS: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    `path` looks like `providers.models[1].backend_refs[0].base_url`; it is empty when the whole document is meant.
    `code` is stable, a `FaultCode` when the fault is found here. `message` says what is wrong and `remedy` the way out;
    both are for people and never repeat a secret. A document with warnings alone is valid. `line` and `column` count
    from 1 and are known where the source is YAML.
    """

    path: str
    code: str
    message: str
    remedy: str = ""
    severity: Severity = "error"
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        way_out = f"; {self.remedy}" if self.remedy else ""
        return f"{self.path or 'document'}: {self.message}{way_out} [{self.code}]"


class ContractError(Exception):
    """A document was refused; `faults` holds every reason, in the order of their paths."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class FaultLog:
    """Collects faults while a document is looked at from several sides; the same fault counts once."""

    def __init__(self) -> None:
        self._faults: dict[Fault, None] = {}
        self._warnings: dict[Fault, None] = {}
        self._found: set[tuple[str, str]] = set()

    @property
    def is_full(self) -> bool:
        """Whether so many were found that nobody will read how to mend a further one."""
        return len(self._faults) >= MOST_FAULTS

    def add(self, path: str, code: FaultCode, message: str, remedy: str = "") -> None:
        self._faults[Fault(path, code, message, remedy)] = None
        self._found.add((path, code))

    def has(self, path: str, code: FaultCode) -> bool:
        """Whether this was found at this place already, in whatever words."""
        return (path, code) in self._found

    def warn(self, path: str, code: FaultCode, message: str, remedy: str = "") -> None:
        """What is probably not meant, or will not do what it seems to; the document stays valid."""
        self._warnings[Fault(path, code, message, remedy, "warning")] = None

    def warnings(self) -> tuple[Fault, ...]:
        """In the order of their paths, at most as many as faults are listed."""
        return tuple(sorted(self._warnings, key=_document_order)[:MOST_FAULTS])

    def raise_if_any(self) -> None:
        """Raises ContractError when there are faults; warnings alone raise nothing."""
        if not self._faults:
            return
        faults = sorted(self._faults, key=_document_order)
        if len(faults) > MOST_FAULTS:
            left_out = Fault("", "too_large", f"{len(faults) - MOST_FAULTS} further faults are not listed")
            faults = [*faults[:MOST_FAULTS], left_out]
        raise ContractError(faults)


def under(path: str, key: str) -> str:
    """The path of `key` in the mapping at `path`."""
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{shown(key)}]"
    return f"{path}.{key}" if path else key


def item(path: str, index: int) -> str:
    """The path of an element of the list at `path`."""
    return f"{path}[{index}]"


def shown(value: str) -> str:
    """A name as a message quotes it: escaped and short. Never give it a value that may be a secret."""
    return ascii(value if len(value) <= 80 else f"{value[:77]}...")


def _document_order(fault: Fault) -> list[tuple[int, str]]:
    """Numbers in a path count as numbers, so that models[2] comes before models[10]."""
    return [(int(part), "") if part.isdigit() and len(part) < 12 else (-1, part) for part in _NUMBERS.split(fault.path)]
