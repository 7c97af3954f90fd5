"""Whether a mapping is a v0.3 document at all, or an older file that wants migrating."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import FaultLog, shown
from contract.retired_keys import MIGRATE

SECTIONS: Final = ("version", "listeners", "providers", "routing", "global")
_KNOWN: Final = frozenset({*SECTIONS, "entrypoints", "recipes", "setup"})


def require_canonical_layout(raw: dict[str, Any], log: FaultLog) -> dict[str, Any]:
    """A document has `routing` or `global`. One that has neither gets a single fault that names its unexpected keys;
    they are left out of what is returned, so that they are not listed twice.
    """
    if "routing" in raw or "global" in raw:
        return raw
    unexpected = sorted(set(raw) - _KNOWN)
    named = f"; unexpected top-level keys: {', '.join(_plainly(key) for key in unexpected[:50])}" if unexpected else ""
    message = f"config file must use canonical v0.3 {'/'.join(SECTIONS)}: it has neither routing nor global{named}"
    log.add("", "not_canonical", message, MIGRATE)
    return {key: value for key, value in raw.items() if key in _KNOWN}


def _plainly(key: str) -> str:
    return shown(key).strip("'\"")
