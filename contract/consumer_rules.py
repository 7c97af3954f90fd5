"""What must hold in a consumer document beyond the types of its fields."""

from __future__ import annotations

from typing import Any

from contract.faults import FaultLog, item, shown


def check_consumer(document: dict[str, Any], log: FaultLog) -> None:
    for key in ("groups", "models"):
        seen: set[str] = set()
        names = document.get(key)
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str) and name in seen:
                log.add(item(key, index), "duplicate", f"names {shown(name)} twice")
            elif isinstance(name, str):
                seen.add(name)
