"""Decisions: what they may say, and what must hold between their parts and the models of the document."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, parse_workspace
from contract.routing.decisions import ModelRef
from tests.unit.contract.documents import faults_of, with_value
from tests.unit.contract.routing.deciding import DECISION, deciding, decision_of


def test_a_decision_needs_nothing_but_may_say_everything() -> None:
    bare = decision_of(with_value("routing.decisions", [{}]))

    assert (bare.name, bare.priority, bare.tier, bare.model_refs, bare.algorithm) == (None, 0, 0, (), None)
    assert bare.adaptations.mode == "apply"


def test_a_model_ref_reasons_only_when_told_to() -> None:
    assert decision_of(deciding()).model_refs == (ModelRef(model="fast"), ModelRef(model="slow"))
    assert not ModelRef(model="fast").use_reasoning


@pytest.mark.parametrize(
    ("fields", "at", "code"),
    [
        ({"tier": -1}, f"{DECISION}.tier", "range"),
        ({"priority": 1.5}, f"{DECISION}.priority", "type"),
        ({"modelRefs": [{"model": "ghost"}]}, f"{DECISION}.modelRefs[0].model", "reference"),
        ({"modelRefs": [{}]}, f"{DECISION}.modelRefs[0].model", "required"),
        ({"modelRefs": [{"model": "fast", "lora_name": "x"}]}, f"{DECISION}.modelRefs[0].lora_name", "reference"),
        ({"modelRefs": [{"model": "slow", "lora_name": "sql"}]}, f"{DECISION}.modelRefs[0].lora_name", "reference"),
        ({"modelRefs": [{"model": "sql", "lora_name": "sql"}]}, f"{DECISION}.modelRefs[0].lora_name", "reference"),
        ({"modelRefs": [{"model": "fast", "weight": -1}]}, f"{DECISION}.modelRefs[0].weight", "range"),
        ({"modelRefs": [{"model": "fast", "lora": "sql"}]}, f"{DECISION}.modelRefs[0].lora", "unknown_field"),
        ({"annotations": {str(key): 1 for key in range(33)}}, f"{DECISION}.annotations", "too_large"),
        ({"annotations": {"a": "x" * 4096}}, f"{DECISION}.annotations", "too_large"),
        ({"annotations": {"a": [float("nan")]}}, f"{DECISION}.annotations", "value"),
        ({"emits": [{"kind": "email", "retention": {"drop": True}}]}, f"{DECISION}.emits[0].kind", "value"),
        ({"emits": [{"kind": "retention"}]}, f"{DECISION}.emits[0].retention", "required"),
        (
            {"emits": [{"kind": "retention", "retention": {"ttl_turns": -1}}]},
            f"{DECISION}.emits[0].retention.ttl_turns",
            "range",
        ),
        (
            {"emits": [{"kind": "retention", "retention": {"drop": True, "ttl_turns": 2}}]},
            f"{DECISION}.emits[0].retention.ttl_turns",
            "conflict",
        ),
        (
            {"emits": [{"kind": "retention", "retention": {"drop": True}}] * 2},
            f"{DECISION}.emits[1].kind",
            "duplicate",
        ),
        ({"adaptations": {"mode": "ignore"}}, f"{DECISION}.adaptations.mode", "value"),
        ({"adaptations": {"coordination": {}}}, f"{DECISION}.adaptations.coordination", "deprecated"),
        (
            {"adaptations": {"adaptation": {"candidate_set": "cluster"}}},
            f"{DECISION}.adaptations.adaptation.candidate_set",
            "value",
        ),
        (
            {"adaptations": {"protection": {"candidate_set": "tier"}}},
            f"{DECISION}.adaptations.protection.candidate_set",
            "unknown_field",
        ),
        (
            {"adaptations": {"mode": "observe", "adaptation": {"mode": "apply"}}},
            f"{DECISION}.adaptations.adaptation.mode",
            "conflict",
        ),
        (
            {"adaptations": {"mode": "bypass", "protection": {"mode": "observe"}}},
            f"{DECISION}.adaptations.protection.mode",
            "conflict",
        ),
        ({"modelSelectionAlgorithm": {}}, f"{DECISION}.modelSelectionAlgorithm", "deprecated"),
        ({"allow_tools": []}, f"{DECISION}.allow_tools", "deprecated"),
        ({"plugin": []}, f"{DECISION}.plugin", "unknown_field"),
    ],
)
def test_one_wrong_value_of_a_decision_is_one_fault_at_its_place(fields: dict[str, Any], at: str, code: str) -> None:
    assert faults_of(deciding(**fields)) == {at: code}


@pytest.mark.parametrize(
    ("iteration", "at", "code"),
    [
        ({"variable": "m", "source": "world"}, "source", "value"),
        ({"variable": "m", "source": "models"}, "models", "required"),
        ({"source": "decision.candidates"}, "variable", "required"),
        (
            {"variable": "m", "source": "decision.candidates", "outputs": [{"type": "model", "value": "x"}]},
            "outputs[0].value",
            "reference",
        ),
        ({"variable": "m", "source": "decision.candidates", "outputs": [{"type": "x"}]}, "outputs[0].type", "value"),
    ],
)
def test_an_iteration_names_its_variable_its_source_and_what_it_feeds(
    iteration: dict[str, Any], at: str, code: str
) -> None:
    faults = faults_of(deciding(candidateIterations=[iteration]))

    assert faults[f"{DECISION}.candidateIterations[0].{at}"] == code


def test_an_iteration_over_candidates_needs_some() -> None:
    iteration = {"variable": "m", "source": "decision.candidates"}

    assert faults_of(deciding(modelRefs=[], candidateIterations=[iteration])) == {
        f"{DECISION}.candidateIterations[0].source": "required"
    }


@pytest.mark.parametrize(
    ("spec", "at", "code"),
    [
        ({}, "type", "required"),
        ({"type": "poem"}, "type", "value"),
        ({"type": "choice"}, "choice_set.values", "required"),
        ({"type": "choice", "choice_set": {"values": ["a", " "]}}, "choice_set.values[1]", "required"),
        ({"type": "choice", "choice_set": {"values": ["a", "A"]}}, "choice_set.values[1]", "duplicate"),
        (
            {"type": "choice", "choice_set": {"values": ["a"]}, "extract": {"mode": "json_object"}},
            "extract.mode",
            "conflict",
        ),
        (
            {"type": "choice", "choice_set": {"values": ["a"]}, "render": {"mode": "template", "template": "x"}},
            "render.template",
            "value",
        ),
        ({"type": "structured_json"}, "json_schema.schema_ref", "required"),
        ({"type": "structured_json", "json_schema": {"schema_ref": "mine"}}, "json_schema.schema_ref", "value"),
        ({"type": "reference_selection", "reference": {"id_format": "x"}}, "reference.id_format", "value"),
        ({"type": "reference_selection", "extract": {"sources": ["x"]}}, "extract.sources[0]", "value"),
        ({"type": "reference_selection", "extract": {"sources": ["content"] * 2}}, "extract.sources[1]", "duplicate"),
        ({"postprocess": [{"type": "dereference_selected_reference"}]}, "postprocess[0]", "conflict"),
        ({"type": "reference_selection", "postprocess": [{"type": "x"}]}, "postprocess[0].type", "value"),
    ],
)
def test_an_output_contract_says_what_its_type_needs(spec: dict[str, Any], at: str, code: str) -> None:
    assert faults_of(deciding(output_contract_spec=spec)) == {f"{DECISION}.output_contract_spec.{at}": code}


def test_two_decisions_of_one_name_are_a_fault_and_two_without_a_name_are_none() -> None:
    assert faults_of(with_value("routing.decisions", [{"name": "d"}, {"name": "d"}])) == {
        "routing.decisions[1].name": "duplicate"
    }
    assert len(parse_workspace(with_value("routing.decisions", [{}, {"name": ""}])).routing.decisions) == 2


def test_without_any_card_a_decision_may_name_any_model() -> None:
    raw = deciding(modelRefs=[{"model": "unheard-of", "lora_name": "any"}])
    raw["providers"], raw["routing"]["modelCards"] = {}, []

    assert decision_of(raw).model_refs[0].lora_name == "any"


def test_a_lora_may_be_a_candidate_by_its_own_name() -> None:
    assert decision_of(deciding(modelRefs=[{"model": "sql"}])).model_refs[0].model == "sql"


def test_a_misspelt_model_gets_a_suggestion() -> None:
    with pytest.raises(ContractError, match=r"references unknown model 'fasst'.*did you mean 'fast'\?"):
        parse_workspace(deciding(modelRefs=[{"model": "fasst"}]))


@pytest.mark.parametrize(("strategy", "read"), [("priority", "priority"), ("confidence", "confidence"), ("", None)])
def test_a_strategy_is_priority_or_confidence_or_left_to_the_global_one(strategy: str, read: str | None) -> None:
    assert parse_workspace(with_value("routing.strategy", strategy)).routing.strategy == read


def test_an_unknown_strategy_is_a_fault() -> None:
    assert faults_of(with_value("routing.strategy", "random")) == {"routing.strategy": "value"}
