"""What two documents say differently, by path, without the noise of order and defaults."""

from __future__ import annotations

from typing import Any

import pytest

from contract import parse_consumer, parse_workspace
from contract.differences import SAID_NOTHING, Difference, differences, said_by, said_raw


def workspace(*models: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {
        "version": "v0.3",
        "providers": {"models": list(models)},
        "routing": {"modelCards": [{"name": model["name"]} for model in models]},
        **sections,
    }


def model(name: str, *refs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": name, "backend_refs": list(refs) or [ref("first")], **fields}


def ref(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "base_url": "https://api.example.com/v1", **fields}


def between(old: dict[str, Any], new: dict[str, Any]) -> list[Difference]:
    return list(differences(said_by(parse_workspace(old)), said_by(parse_workspace(new))))


def test_order_of_keys_and_written_out_defaults_are_no_difference() -> None:
    listener = {"name": "http", "address": "127.0.0.1", "port": 12582}
    old = workspace(model("fast"), listeners=[listener])
    new = {key: old[key] for key in reversed(old)} | {"listeners": [{**listener, "timeout": "5m"}], "global": {}}

    assert between(old, new) == []


def test_a_value_that_was_its_default_is_told_with_that_default() -> None:
    listener = {"name": "http", "address": "127.0.0.1", "port": 12582}

    found = between(
        workspace(model("fast"), listeners=[listener]),
        workspace(model("fast"), listeners=[{**listener, "timeout": "60s"}]),
    )

    assert found == [Difference("listeners['http'].timeout", "changed", '"300s"', '"60s"')]


def test_elements_are_compared_with_their_namesakes_wherever_they_stand() -> None:
    old = workspace(model("fast", provider_model_id="a"), model("slow"))
    new = workspace(model("slow"), model("fast", provider_model_id="b"))

    assert between(old, new) == [
        Difference("providers.models['fast'].provider_model_id", "changed", '"a"', '"b"'),
        Difference("providers.models", "moved", '["fast", "slow"]', '["slow", "fast"]'),
        Difference("routing.modelCards", "moved", '["fast", "slow"]', '["slow", "fast"]'),
    ]


def test_an_element_that_only_one_document_has_is_told_as_a_whole() -> None:
    old, new = workspace(model("fast")), workspace(model("fast"), model("new"))

    added, removed = between(old, new), between(new, old)

    assert [(each.path, each.kind) for each in added] == [
        ("providers.models['new']", "added"),
        ("routing.modelCards['new']", "added"),
    ]
    assert [(each.path, each.kind, each.new) for each in removed] == [
        ("providers.models['new']", "removed", ""),
        ("routing.modelCards['new']", "removed", ""),
    ]
    assert '"base_url": "https://api.example.com/v1"' in added[0].new


def test_elements_without_names_are_compared_by_their_place() -> None:
    unnamed = {"base_url": "https://api.example.com/v1"}

    found = between(workspace(model("fast", unnamed)), workspace(model("fast", unnamed | {"weight": 7}, unnamed)))

    assert [(each.path, each.kind) for each in found] == [
        ("providers.models['fast'].backend_refs[0].weight", "changed"),
        ("providers.models['fast'].backend_refs[1]", "added"),
    ]


def test_a_part_that_appears_is_told_field_by_field_and_one_that_goes_away_too() -> None:
    plain, known = workspace(model("fast")), workspace(model("fast", external_model_ids={"azure": "a", "vllm": "b"}))
    at = "providers.models['fast'].external_model_ids"

    assert between(plain, known) == [
        Difference(f"{at}.azure", "added", "", '"a"'),
        Difference(f"{at}.vllm", "added", "", '"b"'),
    ]
    assert [(each.path, each.kind) for each in between(known, plain)] == [
        (f"{at}.azure", "removed"),
        (f"{at}.vllm", "removed"),
    ]


def test_lists_of_plain_values_are_told_as_a_whole() -> None:
    old = parse_consumer({"version": "consumer/v1", "consumer_id": "ada", "models": ["a"]})
    new = parse_consumer({"version": "consumer/v1", "consumer_id": "ada", "models": ["a", "b"], "enabled": False})

    assert list(differences(said_by(old), said_by(new))) == [
        Difference("enabled", "changed", "true", "false"),
        Difference("models", "changed", '["a"]', '["a", "b"]'),
    ]


def test_everything_is_added_to_nothing() -> None:
    found = list(differences(SAID_NOTHING, said_by(parse_workspace(workspace(model("fast"))))))

    assert {each.kind for each in found} == {"added"}
    assert [each.path for each in found] == ["providers.models['fast']", "routing.modelCards['fast']", "version"]


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), ("1", 1), ({}, []), ([], None)])
def test_values_of_other_types_differ_though_python_takes_some_for_equal(old: Any, new: Any) -> None:
    found = list(differences(said_raw({"x": old}), said_raw({"x": new})))

    assert [(each.path, each.kind) for each in found] == [("x", "changed")]


def test_a_document_that_todays_rules_refuse_is_compared_as_it_was_written() -> None:
    found = list(differences(said_raw({"retired": {"a": 1}, "kept": 1}), said_raw({"kept": 1, "new": [{"b": 2}]})))

    assert found == [Difference("new[0]", "added", "", '{"b": 2}'), Difference("retired.a", "removed", "1", "")]
