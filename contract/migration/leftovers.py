"""Keys that neither the contract nor a table of the migration knows: an older router read past them."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import under
from contract.migration.judging import remaining_faults
from contract.migration.notes import Journal

_WHY: Final = "is no field of the contract; older routers read past it"


def drop_unknown(document: dict[str, Any], journal: Journal) -> None:
    """In place; whatever else is wrong with the document stays for its validation to say."""
    unknown = {fault.path for fault in remaining_faults(document) if fault.code == "unknown_field"}
    if unknown:
        _drop(document, "", unknown, journal)


def _drop(value: Any, path: str, unknown: set[str], journal: Journal) -> None:
    if isinstance(value, dict):
        for key in list(value):
            at = under(path, key)
            if at in unknown:
                del value[key]
                journal.dropped(at, _WHY)
            else:
                _drop(value[key], at, unknown, journal)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            _drop(element, f"{path}[{index}]", unknown, journal)
