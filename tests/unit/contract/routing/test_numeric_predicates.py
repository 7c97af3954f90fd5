"""Bounds on a number that may, and may not, stand together."""

from __future__ import annotations

from typing import Any

import pytest

from contract.faults import ContractError, FaultLog
from contract.routing.numeric_predicates import NumericPredicate, check_predicate
from contract.structure import build


def _faults(predicate: dict[str, Any]) -> str:
    log = FaultLog()
    check_predicate(predicate, "predicate", log)
    build(predicate, NumericPredicate, log)
    try:
        log.raise_if_any()
    except ContractError as refusal:
        return str(refusal)
    return ""


@pytest.mark.parametrize(
    "predicate",
    [{"gt": 0}, {"gte": 1, "lte": 1}, {"gt": 1, "lt": 1.5}, {"lte": -3}, {"gte": 0, "lt": 2}],
)
def test_bounds_that_a_number_can_meet_are_accepted(predicate: dict[str, Any]) -> None:
    assert _faults(predicate) == ""


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        ({}, "at least one bound"),
        ({"gt": 1, "gte": 1}, "both gt and gte"),
        ({"lt": 1, "lte": 1}, "both lt and lte"),
        ({"gt": 5, "lt": 5}, "empty numeric range"),
        ({"gte": 5, "lt": 5}, "empty numeric range"),
        ({"gte": 6, "lte": 5}, "empty numeric range"),
        ({"gt": float("inf")}, "finite"),
        ({"gt": float("nan")}, "finite"),
        ({"gt": "1"}, "should be a number"),
        ({"gt": True}, "should be a number"),
    ],
)
def test_bounds_that_no_number_can_meet_are_refused(predicate: dict[str, Any], said: str) -> None:
    assert said in _faults(predicate)
