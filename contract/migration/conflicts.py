"""What a file says twice, so that no migration can know which is meant."""

from __future__ import annotations

from typing import Any

from contract.faults import ContractError, Fault
from contract.migration.old_layouts import CACHES
from contract.migration.places import places


def require_one_cache(document: dict[str, Any]) -> None:
    """Raises ContractError when the cache is configured under its old name and its new one."""
    found = [place.path for pattern in CACHES for place in places(document, pattern) if place.value is not None]
    if len(found) > 1:
        message = f"is the same store as {found[0]}, under another name"
        raise ContractError([Fault(path, "conflict", message, "keep one of the two") for path in found[1:]])
