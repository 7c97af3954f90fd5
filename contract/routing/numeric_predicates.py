"""Bounds on a number: which of them may stand together, and that some number can lie within."""

from __future__ import annotations

from typing import Annotated, Any, Final

from contract.faults import FaultLog
from contract.fields import Part, says

BOUNDS: Final = ("gt", "gte", "lt", "lte")


class NumericPredicate(Part):
    """Holds when the number lies within every bound that is given; at least one is."""

    gt: Annotated[float | None, says("the number is greater than this")] = None
    gte: Annotated[float | None, says("the number is this or greater")] = None
    lt: Annotated[float | None, says("the number is less than this")] = None
    lte: Annotated[float | None, says("the number is this or less")] = None


def check_predicate(predicate: dict[str, Any], path: str, log: FaultLog) -> None:
    """The rules of bounds on a fitted mapping; a bound that is no number has its own fault."""
    if not any(bound in predicate for bound in BOUNDS):
        log.add(path, "required", "predicate requires at least one bound", f"give one of {', '.join(BOUNDS)}")
    for strict, loose in (("gt", "gte"), ("lt", "lte")):
        if strict in predicate and loose in predicate:
            log.add(path, "conflict", f"predicate cannot set both {strict} and {loose}", "keep one of them")
    if not holds_something(predicate):
        log.add(path, "range", "predicate defines an empty numeric range", "keep the lower bound below the upper one")


def holds_something(bounds: dict[str, Any]) -> bool:
    """Whether any number lies within all the bounds of a fitted mapping."""
    strict = _numbers(bounds, "gt") or _numbers(bounds, "lt")
    lower = max(_numbers(bounds, "gt") + _numbers(bounds, "gte"), default=None)
    upper = min(_numbers(bounds, "lt") + _numbers(bounds, "lte"), default=None)
    if lower is None or upper is None:
        return True
    return lower < upper or (lower == upper and not strict)


def _numbers(bounds: dict[str, Any], key: str) -> list[float]:
    value = bounds.get(key)
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []
