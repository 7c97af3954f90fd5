"""A consumer's overlay: small and strict; limits are judged here and refused where nothing holds to them."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from contract import ContractError, canonical_bytes, parse_consumer, read_consumer, unserved_parts
from contract.limits import Limits, LimitsClass, limits_of

BASE: dict[str, Any] = {"version": "consumer/v1", "consumer_id": "ada@example.com"}


def _faults(**fields: object) -> dict[str, str]:
    with pytest.raises(ContractError) as refusal:
        parse_consumer({**BASE, **fields})
    return {fault.path: fault.code for fault in refusal.value.faults}


def test_a_consumer_is_enabled_and_unrestricted_unless_said_otherwise() -> None:
    consumer = parse_consumer(BASE)

    assert (consumer.enabled, consumer.models, consumer.groups) == (True, (), ())


def test_what_is_supported_is_read() -> None:
    consumer = parse_consumer({**BASE, "enabled": False, "models": ["fast"], "groups": ["team"], "backends": []})

    assert (consumer.enabled, consumer.models, consumer.groups) == (False, ("fast",), ("team",))


@pytest.mark.parametrize(("field", "value"), [("limits_class", "rpm-10"), ("budget", {"amount": 50})])
def test_limits_that_no_data_plane_holds_to_yet_are_valid_but_not_served(field: str, value: object) -> None:
    consumer = parse_consumer({**BASE, field: value})

    assert [(fault.path, fault.code) for fault in unserved_parts(consumer)] == [(field, "unsupported")]
    with pytest.raises(ContractError, match=field):
        read_consumer(canonical_bytes(consumer))


def test_a_budget_is_of_money_or_tokens_a_month_unless_said_otherwise() -> None:
    budget = parse_consumer({**BASE, "budget": {"amount": 0.5, "tokens": 1000}}).budget

    assert budget is not None
    assert (budget.amount, budget.currency, budget.tokens, budget.period) == (0.5, "USD", 1000, "month")


def test_a_class_says_how_many_requests_and_tokens_a_minute_it_allows() -> None:
    assert limits_of("rpm-50") == Limits(requests=50, tokens=50_000)
    assert sorted(limits_of(each).requests for each in get_args(LimitsClass)) == [
        rate for ten in (1, 10, 100, 1000) for rate in (ten, 2 * ten, 3 * ten, 5 * ten)
    ] + [10_000]


def test_an_unknown_class_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ContractError, match="did you mean 'rpm-500'") as refusal:
        parse_consumer({**BASE, "limits_class": "rpm_500"})

    assert [fault.path for fault in refusal.value.faults] == ["limits_class"]


def test_no_limits_are_said_by_empty_text() -> None:
    assert canonical_bytes(parse_consumer({**BASE, "limits_class": "", "budget": None})) == canonical_bytes(
        parse_consumer(BASE)
    )


@pytest.mark.parametrize(
    ("fields", "at", "code"),
    [
        ({"version": "v0.3"}, "version", "value"),
        ({"consumer_id": "a/b"}, "consumer_id", "value"),
        ({"consumer_id": "a\n"}, "consumer_id", "value"),
        ({"consumer_id": ""}, "consumer_id", "value"),
        ({"enabled": "yes"}, "enabled", "type"),
        ({"models": ["fast", "fast"]}, "models[1]", "duplicate"),
        ({"models": "fast"}, "models", "type"),
        ({"modles": []}, "modles", "unknown_field"),
        ({"groups": ["a", "a"]}, "groups[1]", "duplicate"),
        ({"limits_class": "gold"}, "limits_class", "value"),
        ({"limits_class": 10}, "limits_class", "value"),
        ({"budget": {}}, "budget", "required"),
        ({"budget": {"period": "month"}}, "budget", "required"),
        ({"budget": {"amount": -1}}, "budget.amount", "range"),
        ({"budget": {"amount": 1, "currency": "dollars"}}, "budget.currency", "value"),
        ({"budget": {"tokens": 1.5}}, "budget.tokens", "type"),
        ({"budget": {"amount": 1, "period": "year"}}, "budget.period", "value"),
        ({"budget": {"amount": 1, "usd": 2}}, "budget.usd", "unknown_field"),
        ({"budget": 50}, "budget", "type"),
    ],
)
def test_a_fault_is_named_with_its_place(fields: dict[str, Any], at: str, code: str) -> None:
    assert _faults(**fields) == {at: code}


def test_fields_of_a_newer_control_plane_are_passed_over_on_delivery() -> None:
    assert read_consumer(canonical_bytes({**BASE, "brand_new": {"a": 1}})) == parse_consumer(BASE)
