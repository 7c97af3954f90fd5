"""A consumer's overlay: small, strict, and closed to what later releases will limit."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, canonical_bytes, parse_consumer, read_consumer

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


@pytest.mark.parametrize(("field", "value"), [("limits_class", "gold"), ("budget", {"usd": 1})])
def test_what_a_later_release_enforces_is_refused_by_every_reader(field: str, value: object) -> None:
    assert _faults(**{field: value}) == {field: "unsupported"}
    with pytest.raises(ContractError):
        read_consumer(canonical_bytes({**BASE, field: value}))


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
    ],
)
def test_a_fault_is_named_with_its_place(fields: dict[str, Any], at: str, code: str) -> None:
    assert _faults(**fields) == {at: code}


def test_fields_of_a_newer_control_plane_are_passed_over_on_delivery() -> None:
    assert read_consumer(canonical_bytes({**BASE, "brand_new": {"a": 1}})) == parse_consumer(BASE)
