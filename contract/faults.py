"""What is wrong with a document: every fault at once, with its path, a stable code and a way out; warnings apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
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

Remedy = str | Callable[[], str]
"""The way out, or how to find it: that is done only while anybody will read it."""

Severity = Literal["error", "warning"]

_USUAL_REMEDIES: Final[dict[FaultCode, str]] = {
    "address": "write a URL or host that requests can be sent to",
    "conflict": "keep one of the two",
    "deprecated": "write the newer form",
    "duplicate": "give it another name, or take one of the two out",
    "egress": "name a public address, or ask whoever runs the product to allow this one",
    "environment": "set the variable, or write the value",
    "header": "write a header that may be sent",
    "not_canonical": "write it in the layout of v0.3",
    "range": "write a value within the bounds",
    "reference": "declare it, or name one that is declared",
    "required": "write it",
    "secret": "name the stored secret instead: secret://<name>",
    "syntax": "mend the text here",
    "too_large": "make the document smaller",
    "type": "write a value of this type",
    "unknown_field": "take it out, or correct its spelling",
    "unsupported": "take it out",
    "value": "write one of the values that are allowed",
}
"""The way out of a fault that nobody said anything better of."""

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_NUMBERS: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    `path` looks like `providers.models[1].backend_refs[0].base_url`; it is empty when the whole document is meant.
    `code` is stable, a `FaultCode` when the fault is found here. `message` says what is wrong and `remedy` the way out;
    both are for people and never repeat a secret. A document with warnings alone is valid. `line` and `column` count
    from 1 and are known where the source is a text.
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
        at = f"line {self.line}, column {self.column}: " if self.line is not None and not self.path else ""
        return f"{self.path or 'document'}: {at}{self.message}{way_out} [{self.code}]"


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

    def add(self, path: str, code: FaultCode, message: str, remedy: Remedy = "") -> None:
        """Without a `remedy` the usual one of the code is given."""
        if not isinstance(remedy, str):
            remedy = "" if self.is_full else remedy()
        self._faults[Fault(path, code, message, remedy or _USUAL_REMEDIES[code])] = None
        self._found.add((path, code))

    def has(self, path: str, code: FaultCode) -> bool:
        """Whether this was found at this place already, in whatever words."""
        return (path, code) in self._found

    def warn(self, path: str, code: FaultCode, message: str, remedy: str = "") -> None:
        """What is probably not meant, or will not do what it seems to; the document stays valid."""
        self._warnings[Fault(path, code, message, remedy or _USUAL_REMEDIES[code], "warning")] = None

    def warnings(self) -> tuple[Fault, ...]:
        """In the order of their paths, at most as many as faults are listed."""
        return in_document_order(self._warnings)[:MOST_FAULTS]

    def forgive(self, is_no_fault: Callable[[Fault], bool]) -> None:
        """Forget the faults, not the warnings, of which this is true."""
        self._faults = {fault: None for fault in self._faults if not is_no_fault(fault)}

    def raise_if_any(self) -> None:
        """Raises ContractError when there are faults; warnings alone raise nothing."""
        if not self._faults:
            return
        faults = in_document_order(self._faults)
        if len(faults) > MOST_FAULTS:
            message = f"{len(faults) - MOST_FAULTS} further faults are not listed"
            faults = (*faults[:MOST_FAULTS], Fault("", "too_large", message, "mend those that are listed"))
        raise ContractError(faults)


def in_document_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Sorted by their paths; of one path in the order they were found."""
    return tuple(sorted(faults, key=_document_order))


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
