"""Algorithms: one type, at most one block, the values of each block, and the models it may name."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, canonical_bytes, judge_workspace, parse_workspace
from contract.routing.algorithms import ALGORITHM_TYPES
from tests.unit.contract.documents import faults_of
from tests.unit.contract.routing.deciding import ALGORITHM, algorithm_of, choosing, deciding

PLAIN = [kind for kind in ALGORITHM_TYPES if kind not in ("latency_aware", "prompt")]
ROLE = {"name": "Draft It", "models": ["fast"]}


@pytest.mark.parametrize("kind", PLAIN)
def test_most_types_need_no_block(kind: str) -> None:
    assert algorithm_of(choosing(kind)).type == kind


@pytest.mark.parametrize(("kind", "home"), [("elo", "adaptation"), ("session_aware", "protection")])
def test_a_removed_type_is_refused_and_points_to_what_took_its_place(kind: str, home: str) -> None:
    with pytest.raises(ContractError, match=f"has moved to global.router.learning.{home}") as refusal:
        parse_workspace(choosing(kind))

    assert [(fault.path, fault.code) for fault in refusal.value.faults] == [(f"{ALGORITHM}.type", "deprecated")]


@pytest.mark.parametrize(
    ("algorithm", "at", "code"),
    [
        ({}, "type", "required"),
        ({"type": None}, "type", "required"),
        ({"type": ""}, "type", "value"),
        ({"type": "Static"}, "type", "value"),
        ({"type": "sttic"}, "type", "value"),
        ({"type": 7}, "type", "value"),
        ({"type": "static", "hybrid": {}}, "hybrid", "conflict"),
        ({"type": "hybrid", "ratings": {}}, "ratings", "conflict"),
        ({"type": "hybrid", "hybrid": {}, "ratings": {}}, "", "conflict"),
        ({"type": "static", "elo": {}}, "elo", "deprecated"),
        ({"type": "static", "knn": {}}, "knn", "unknown_field"),
        ({"type": "static", "on_error": "panic"}, "on_error", "value"),
        ({"type": "latency_aware"}, "latency_aware", "required"),
        ({"type": "prompt"}, "prompt", "required"),
    ],
)
def test_type_and_block_belong_together(algorithm: dict[str, Any], at: str, code: str) -> None:
    assert faults_of(deciding(algorithm=algorithm)) == {f"{ALGORITHM}.{at}".rstrip("."): code}


@pytest.mark.parametrize(
    ("kind", "block", "at", "code"),
    [
        ("latency_aware", {}, "", "required"),
        ("latency_aware", {"tpot_percentile": 0}, "tpot_percentile", "range"),
        ("latency_aware", {"ttft_percentile": 101}, "ttft_percentile", "range"),
        ("router_dc", {"temperature": 0}, "temperature", "range"),
        ("router_dc", {"min_similarity": 1.1}, "min_similarity", "range"),
        ("router_dc", {"require_descriptions": True}, "require_descriptions", "required"),
        ("automix", {"discount_factor": 2}, "discount_factor", "range"),
        ("hybrid", {"elo_weight": 0.4, "experience_weight": 0.4}, "elo_weight", "conflict"),
        ("multi_factor", {"weights": {"speed": 1}}, "weights.speed", "unknown_field"),
        ("multi_factor", {"weights": {"cost": -1}}, "weights.cost", "range"),
        ("multi_factor", {"on_no_candidates": "cry"}, "on_no_candidates", "value"),
        ("confidence", {"confidence_method": "guess"}, "confidence_method", "value"),
        ("confidence", {"threshold": 2}, "threshold", "range"),
        ("confidence", {"cost_quality_tradeoff": -0.1}, "cost_quality_tradeoff", "range"),
        ("confidence", {"on_error": "fallback"}, "on_error", "value"),
        ("confidence", {"escalation_order": "random"}, "escalation_order", "value"),
        ("confidence", {"token_filter": "vowels"}, "token_filter", "value"),
        ("confidence", {"hybrid_weights": {}}, "hybrid_weights", "conflict"),
        (
            "confidence",
            {"confidence_method": "hybrid", "hybrid_weights": {"logprob_weight": 0.7}},
            "hybrid_weights",
            "value",
        ),
        ("confidence", {"confidence_method": "automix_entailment"}, "verifier_server_url", "required"),
        ("confidence", {"verifier_server_url": "http://v"}, "verifier_server_url", "conflict"),
        ("confidence", {"verifier_timeout_seconds": 5}, "verifier_timeout_seconds", "conflict"),
        ("ratings", {"max_concurrent": -1}, "max_concurrent", "range"),
        ("ratings", {"on_error": "stop"}, "on_error", "value"),
        ("remom", {}, "breadth_schedule", "required"),
        ("remom", {"breadth_schedule": []}, "breadth_schedule", "required"),
        ("remom", {"breadth_schedule": [2, 0]}, "breadth_schedule[1]", "range"),
        ("remom", {"breadth_schedule": [1], "model_distribution": "fair"}, "model_distribution", "value"),
        ("remom", {"breadth_schedule": [1], "synthesis_model": "sql"}, "synthesis_model", "reference"),
        ("remom", {"breadth_schedule": [1], "temperature": -1}, "temperature", "range"),
        ("fusion", {"max_concurrent": -1}, "max_concurrent", "range"),
        ("fusion", {"temperature": -0.1}, "temperature", "range"),
        ("fusion", {"grounding": {"reference": "web"}}, "grounding.reference", "value"),
        ("fusion", {"grounding": {"policy": "drop"}}, "grounding.policy", "value"),
        ("fusion", {"grounding": {"min_score": 1.5}}, "grounding.min_score", "range"),
        ("fusion", {"analysis_overrides": [{"temperature": 1}]}, "analysis_overrides[0].model", "required"),
        ("fusion", {"analysis_overrides": [{"model": "a"}] * 2}, "analysis_overrides[1].model", "duplicate"),
        ("workflows", {}, "roles", "required"),
        ("workflows", {"mode": "free"}, "roles", "required"),
        ("workflows", {"mode": "dynamic"}, "planner.model", "required"),
        ("workflows", {"mode": "dynamic", "planner": {"model": "fast"}, "roles": [ROLE]}, "roles", "conflict"),
        ("workflows", {"roles": [{"models": ["fast"]}]}, "roles[0].name", "required"),
        ("workflows", {"roles": [{"name": "r", "models": []}]}, "roles[0].models", "required"),
        ("workflows", {"roles": [{"name": "r", "models": ["sql"]}]}, "roles[0].models[0]", "reference"),
        ("workflows", {"roles": [{"name": "r", "models": ["fast", "fast"]}]}, "roles[0].models[1]", "duplicate"),
        ("workflows", {"roles": [{**ROLE, "access_list": ["later"]}]}, "roles[0].access_list[0]", "reference"),
        ("workflows", {"roles": [ROLE], "final": {"model": "sql"}}, "final.model", "reference"),
        ("workflows", {"roles": [ROLE], "on_error": "retry"}, "on_error", "value"),
        ("prompt", {"model": "fast"}, "instructions", "required"),
        ("prompt", {"model": "fast", "instructions": " "}, "instructions", "required"),
        ("prompt", {"model": "sql", "instructions": "i"}, "model", "reference"),
        ("prompt", {"model": "slow", "instructions": "i"}, "model", "reference"),
        ("prompt", {"model": "fast", "instructions": "i", "timeout_seconds": -1}, "timeout_seconds", "range"),
    ],
)
def test_a_block_is_held_to_its_rules(kind: str, block: dict[str, Any], at: str, code: str) -> None:
    faults = faults_of(choosing(kind, block))

    assert faults[f"{ALGORITHM}.{kind}.{at}".rstrip(".")] == code


@pytest.mark.parametrize(
    "url", ["ftp://v", "v:80", "http://u:p@v", "http://v?a=1", "http://v#a", " http://v", "http://"]
)
def test_a_verifier_is_an_absolute_address_without_credentials_query_and_fragment(url: str) -> None:
    block = {"confidence_method": "automix_entailment", "verifier_server_url": url}

    assert faults_of(choosing("confidence", block)) == {f"{ALGORITHM}.confidence.verifier_server_url": "address"}


@pytest.mark.parametrize(
    ("kind", "block"),
    [
        ("latency_aware", {"tpot_percentile": 1}),
        ("latency_aware", {"ttft_percentile": 100}),
        ("confidence", {"confidence_method": "automix_entailment", "verifier_server_url": "https://v:1/x"}),
        ("confidence", {"confidence_method": "hybrid", "hybrid_weights": {"logprob_weight": 0.5}}),
        ("confidence", {"confidence_method": "hybrid", "hybrid_weights": {"logprob_weight": 0, "margin_weight": 0}}),
        ("confidence", {"token_filter": "", "verifier_server_url": "", "verifier_timeout_seconds": 0}),
        ("hybrid", {"experience_weight": 0, "router_dc_weight": 0, "automix_weight": 0}),
        ("remom", {"breadth_schedule": [3, 1], "synthesis_model": "slow", "max_concurrent": 0}),
        ("workflows", {"roles": [ROLE, {"name": "b", "models": ["slow"], "access_list": ["draft-it"]}]}),
        ("workflows", {"roles": [ROLE, {"name": "b", "models": ["slow"], "access_list": ["draft-it:0:fast"]}]}),
        ("prompt", {"model": "fast", "instructions": "choose"}),
    ],
)
def test_what_a_block_allows_is_accepted(kind: str, block: dict[str, Any]) -> None:
    assert getattr(algorithm_of(choosing(kind, block)), kind) is not None


@pytest.mark.parametrize("first", ["experience_weight", "elo_weight"])
def test_weights_of_a_hybrid_may_not_all_be_nothing(first: str) -> None:
    weights = dict.fromkeys((first, "router_dc_weight", "automix_weight", "cost_weight"), 0)

    assert faults_of(choosing("hybrid", weights)) == {f"{ALGORITHM}.hybrid": "value"}


def test_the_earlier_name_of_a_weight_means_the_same() -> None:
    old, new = (parse_workspace(choosing("hybrid", {name: 0.5})) for name in ("elo_weight", "experience_weight"))

    assert canonical_bytes(old) == canonical_bytes(new)


def test_given_weights_of_the_factors_replace_all_four() -> None:
    block = algorithm_of(choosing("multi_factor", {"weights": {"cost": 2}})).multi_factor

    assert block is not None
    assert block.weights is not None
    assert (block.weights.quality, block.weights.cost) == (0, 2)


def test_the_defaults_of_a_block_are_those_of_the_contract() -> None:
    router_dc = algorithm_of(choosing("router_dc", {})).router_dc
    hybrid = algorithm_of(choosing("hybrid", {})).hybrid

    assert router_dc is not None
    assert (router_dc.temperature, router_dc.dimension_size, router_dc.min_similarity) == (0.07, 768, 0.3)
    assert router_dc.use_query_contrastive
    assert not router_dc.require_descriptions
    assert hybrid is not None
    assert (hybrid.experience_weight, hybrid.automix_weight, hybrid.quality_gap_threshold) == (0.3, 0.2, 0.1)


@pytest.mark.parametrize(
    ("refs", "at"),
    [
        ([{"model": "fast"}], ""),
        ([{"model": "fast"}, {"model": "fast"}], ""),
        ([{"model": "fast", "lora_name": "sql"}, {"model": "sql"}], ""),
    ],
)
def test_a_prompt_chooses_among_two_models_that_differ(refs: list[dict[str, Any]], at: str) -> None:
    algorithm = {"type": "prompt", "prompt": {"model": "fast", "instructions": "choose"}}

    assert list(faults_of(deciding(modelRefs=refs, algorithm=algorithm))) == [ALGORITHM]


def test_a_prompt_only_falls_back() -> None:
    block = {"model": "fast", "instructions": "choose"}

    assert faults_of(choosing("prompt", block, on_error="skip")) == {f"{ALGORITHM}.on_error": "value"}
    assert algorithm_of(choosing("prompt", block, on_error="fallback")).on_error == "fallback"


def test_the_helper_of_a_prompt_reads_text() -> None:
    raw = choosing("prompt", {"model": "fast", "instructions": "choose"})
    raw["routing"]["modelCards"][0]["modality"] = "diffusion"

    assert faults_of(raw) == {f"{ALGORITHM}.prompt.model": "value"}


@pytest.mark.parametrize(
    ("kind", "block", "key", "meant"),
    [
        ("confidence", {"token_filter": "alpha_numeric"}, "token_filter", "all"),
        (
            "remom",
            {"breadth_schedule": [1], "compaction_strategy": "summarize"},
            "compaction_strategy",
            "last_n_tokens",
        ),
    ],
)
def test_a_word_of_earlier_releases_is_read_as_its_successor_with_a_warning(
    kind: str, block: dict[str, Any], key: str, meant: str
) -> None:
    judgement = judge_workspace(choosing(kind, block))

    assert [(one.path, one.code) for one in judgement.findings] == [(f"{ALGORITHM}.{kind}.{key}", "deprecated")]
    assert getattr(getattr(algorithm_of(choosing(kind, block)), kind), key) == meant
