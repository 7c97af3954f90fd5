"""Recipes route for themselves over the document's models; entrypoints are new names for them."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, canonical_bytes, parse_workspace
from tests.unit.contract.documents import faults_of, with_value
from tests.unit.contract.routing.deciding import deciding


def _entered(*names: str, auto_names: list[str] | None = None) -> dict[str, Any]:
    raw = with_value("entrypoints", [{"model_names": list(names), "recipe": "default"}])
    return raw if auto_names is None else {**raw, "global": {"router": {"auto_model_names": auto_names}}}


@pytest.mark.parametrize(
    ("recipe", "at", "code"),
    [
        ({}, "name", "required"),
        ({"name": " r"}, "name", "value"),
        ({"name": "r", "routing": {"modelCards": [{"name": "m"}]}}, "routing.modelCards", "conflict"),
        ({"name": "r", "routing": {"models": []}}, "routing.models", "deprecated"),
        ({"name": "r", "routing": {"strategy": "random"}}, "routing.strategy", "value"),
        ({"name": "r", "routing": {"decision": []}}, "routing.decision", "unknown_field"),
        (
            {"name": "r", "routing": {"decisions": [{"modelRefs": [{"model": "ghost"}]}]}},
            "routing.decisions[0].modelRefs[0].model",
            "reference",
        ),
        (
            {"name": "r", "routing": {"decisions": [{"algorithm": {"type": "bandit"}}]}},
            "routing.decisions[0].algorithm.type",
            "deprecated",
        ),
        (
            {"name": "r", "routing": {"decisions": [{"tool_scope": "x"}]}},
            "routing.decisions[0].tool_scope",
            "deprecated",
        ),
        (
            {"name": "r", "routing": {"decisions": [{"name": "d"}, {"name": "d"}]}},
            "routing.decisions[1].name",
            "duplicate",
        ),
    ],
)
def test_a_recipe_is_held_to_the_rules_of_routing(recipe: dict[str, Any], at: str, code: str) -> None:
    assert faults_of(with_value("recipes", [recipe])) == {f"recipes[0].{at}": code}


def test_names_of_recipes_are_unique() -> None:
    assert faults_of(with_value("recipes", [{"name": "r"}, {"name": "r"}])) == {"recipes[1].name": "duplicate"}


def test_decisions_of_different_recipes_may_share_a_name() -> None:
    raw = deciding()
    raw["recipes"] = [{"name": name, "routing": {"decisions": [{"name": "d"}]}} for name in ("a", "b")]

    assert [recipe.name for recipe in parse_workspace(raw).recipes] == ["a", "b"]


def test_a_recipe_called_default_stands_in_for_a_document_that_does_not_route() -> None:
    raw = with_value("recipes", [{"name": "default", "routing": {"decisions": [{"name": "d"}]}}])
    assert parse_workspace(raw).recipes[0].name == "default"

    raw["routing"]["decisions"] = [{"name": "d"}]
    assert faults_of(raw) == {"recipes[0].name": "conflict"}


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("fast", "a configured model"),
        ("sql", "a configured LoRA adapter"),
        ("auto", "an auto-model alias"),
        ("vllm-sr/auto", "an auto-model alias"),
        ("MoM", "an auto-model alias"),
        ("vllm-sr/remom", "the slug of remom"),
        ("vllm-sr/fusion", "the slug of fusion"),
        ("vllm-sr/flow", "the slug of flow"),
    ],
)
def test_an_entrypoint_takes_no_name_that_means_something_already(name: str, meaning: str) -> None:
    with pytest.raises(ContractError, match=f"is already {meaning}") as refusal:
        parse_workspace(_entered(f" {name} "))

    assert [(fault.path, fault.code) for fault in refusal.value.faults] == [("entrypoints[0].model_names", "conflict")]


def test_an_explicit_list_of_auto_names_frees_the_others() -> None:
    assert parse_workspace(_entered("auto", auto_names=[])).entrypoints
    assert faults_of(_entered("any", auto_names=["any"])) == {"entrypoints[0].model_names": "conflict"}


@pytest.mark.parametrize(
    ("entrypoint", "at", "code"),
    [
        ({"model_names": [], "recipe": "default"}, "model_names", "required"),
        ({"model_names": [" ", ""], "recipe": "default"}, "model_names", "required"),
        ({"recipe": "default"}, "model_names", "required"),
        ({"model_names": ["n"]}, "recipe", "required"),
        ({"model_names": ["n"], "recipe": "ghost"}, "recipe", "reference"),
        ({"model_names": ["n"], "recipe": " "}, "recipe", "required"),
        ({"model_names": "n", "recipe": "default"}, "model_names", "type"),
        ({"model_names": [1], "recipe": "default"}, "model_names[0]", "type"),
    ],
)
def test_an_entrypoint_has_names_and_a_recipe_that_exists(entrypoint: dict[str, Any], at: str, code: str) -> None:
    assert faults_of(with_value("entrypoints", [entrypoint])) == {f"entrypoints[0].{at}": code}


def test_a_name_is_claimed_once() -> None:
    entrypoints = [{"model_names": ["n"], "recipe": "default"}, {"model_names": ["n "], "recipe": "default"}]

    assert faults_of(with_value("entrypoints", entrypoints)) == {"entrypoints[1].model_names": "duplicate"}


def test_names_of_entrypoints_are_trimmed_and_written_once() -> None:
    loose, neat = parse_workspace(_entered(" n", "n", "")), parse_workspace(_entered("n"))

    assert canonical_bytes(loose) == canonical_bytes(neat)


def test_setup_is_kept_as_it_is() -> None:
    assert parse_workspace(with_value("setup", {"mode": True, "state": "bootstrap"})).setup == {
        "mode": True,
        "state": "bootstrap",
    }
