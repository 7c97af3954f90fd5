"""How long something lives: from now for so long; refused under a second, or when it ends after the calendar."""

from __future__ import annotations

from datetime import datetime, timedelta

from controlplane.domain.errors import FieldFault, InvalidInput

SHORTEST = timedelta(seconds=1)


def ends_at(now: datetime, lifetime: timedelta, field: str = "lifetime") -> datetime:
    """Raises InvalidInput naming the field."""
    if lifetime < SHORTEST:
        raise _refused(field, "must be a second at least")
    try:
        return now + lifetime
    except OverflowError:
        raise _refused(field, "ends after the year 9999") from None


def _refused(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"{field} {problem}", (FieldFault(field, "range", problem),))
