"""Plugins: their types and earlier spellings, and the configuration of each."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, canonical_bytes, parse_text, parse_workspace
from contract.routing.cache_plugin import ResponseCache
from contract.routing.message_plugins import RouterReplay, SystemPrompt
from contract.routing.plugins import ResponseCachePlugin, SystemPromptPlugin
from tests.unit.contract.documents import faults_of
from tests.unit.contract.routing.deciding import CONFIGURATION, DECISION, deciding, plugged, plugin_of

OPEN = {
    "system_prompt": {},
    "header_mutation": {},
    "hallucination": {},
    "router_replay": {},
    "memory": {},
    "rag": {},
    "image_gen": {},
    "fast_response": {"message": "busy"},
    "request_params": {},
    "tools": {},
    "tool_selection": {},
}
CLOSED = ("response_cache", "response_jailbreak", "context_compression")


@pytest.mark.parametrize("kind", OPEN)
def test_an_open_plugin_passes_on_what_it_does_not_know(kind: str) -> None:
    raw = plugged(kind, **OPEN[kind], further={"deep": [1, None]})

    document = parse_workspace(raw)

    assert b'"further":{"deep":[1,null]}' in canonical_bytes(document)
    assert parse_workspace(parse_text(canonical_bytes(document))) == document


@pytest.mark.parametrize("kind", CLOSED)
def test_a_closed_plugin_refuses_what_it_does_not_know(kind: str) -> None:
    assert faults_of(plugged(kind, enabld=True)) == {f"{CONFIGURATION}.enabld": "unknown_field"}


@pytest.mark.parametrize("kind", [*OPEN, *CLOSED])
def test_every_plugin_needs_a_configuration(kind: str) -> None:
    for plugin in ({"type": kind}, {"type": kind, "configuration": None}):
        assert faults_of(deciding(plugins=[plugin])) == {CONFIGURATION: "required"}


@pytest.mark.parametrize(
    ("plugin", "at", "code"),
    [
        ({"type": "teleport", "configuration": {}}, ".type", "value"),
        ({"type": "Memory", "configuration": {}}, ".type", "value"),
        ({"type": 3, "configuration": {}}, ".type", "type"),
        ({"configuration": {}}, ".type", "required"),
        ({"type": "memory", "configuration": {}, "enabled": True}, ".enabled", "unknown_field"),
        ({"type": "memory", "configuration": []}, ".configuration", "type"),
        ("memory", "", "type"),
    ],
)
def test_a_plugin_is_a_known_type_and_its_configuration(plugin: object, at: str, code: str) -> None:
    assert faults_of(deciding(plugins=[plugin])) == {f"{DECISION}.plugins[0]{at}": code}


def test_faults_beside_an_unknown_plugin_keep_their_places() -> None:
    plugins = [{"type": "teleport"}, {"type": "memory", "configuration": {"retrieval_limit": 0}}]

    assert faults_of(deciding(plugins=plugins)) == {
        f"{DECISION}.plugins[0].type": "value",
        f"{DECISION}.plugins[1].configuration.retrieval_limit": "range",
    }


@pytest.mark.parametrize("spelling", ["semantic-cache", "semantic_cache", "response-cache"])
def test_earlier_spellings_of_the_cache_mean_the_cache(spelling: str) -> None:
    old, new = (parse_workspace(plugged(kind, enabled=True)) for kind in (spelling, "response_cache"))

    assert isinstance(old.routing.decisions[0].plugins[0], ResponseCachePlugin)
    assert canonical_bytes(old) == canonical_bytes(new)


def test_two_plugins_of_one_type_are_refused_however_they_are_spelt() -> None:
    plugins = [{"type": kind, "configuration": {"enabled": True}} for kind in ("response_cache", "semantic-cache")]

    assert faults_of(deciding(plugins=plugins)) == {f"{DECISION}.plugins[1].type": "duplicate"}


def test_earlier_keys_of_the_cache_mean_what_the_later_ones_mean() -> None:
    old = plugged("response_cache", similarity_threshold=0.9, allow_request_controls=True, control_header="x-c")
    controls = {"enabled": True, "header": "x-c"}
    new = plugged("response_cache", semantic={"similarity_threshold": 0.9}, request_controls=controls)

    assert canonical_bytes(parse_workspace(old)) == canonical_bytes(parse_workspace(new))


@pytest.mark.parametrize(
    ("kind", "configuration", "at", "code"),
    [
        ("response_cache", {"mode": "fuzzy"}, "mode", "value"),
        ("response_cache", {"scope": "galaxy"}, "scope", "value"),
        ("response_cache", {"ttl_seconds": -1}, "ttl_seconds", "range"),
        ("response_cache", {"semantic": {"similarity_threshold": 2}}, "semantic.similarity_threshold", "range"),
        ("response_cache", {"semantic": {"x": 1}}, "semantic.x", "unknown_field"),
        ("response_cache", {"semantic": {}, "similarity_threshold": 0.5}, "similarity_threshold", "conflict"),
        ("response_cache", {"request_controls": {}, "control_header": "x"}, "control_header", "conflict"),
        ("response_cache", {"request_controls": {"allowed": ["no-way"]}}, "request_controls.allowed[0]", "value"),
        ("response_cache", {"request_controls": {"max_ttl_seconds": -1}}, "request_controls.max_ttl_seconds", "range"),
        ("response_cache", {"personalized": {"mode": "always"}}, "personalized.mode", "value"),
        ("response_jailbreak", {"threshold": 1.1}, "threshold", "range"),
        ("response_jailbreak", {"action": "explode"}, "action", "value"),
        ("fast_response", {}, "message", "required"),
        ("fast_response", {"message": " "}, "message", "required"),
        ("system_prompt", {"mode": "append"}, "mode", "value"),
        ("header_mutation", {"add": [{"name": "x y", "value": "1"}]}, "add[0].name", "header"),
        ("hallucination", {"hallucination_action": "shout"}, "hallucination_action", "value"),
        ("router_replay", {"max_records": 0}, "max_records", "range"),
        ("memory", {"similarity_threshold": 2}, "similarity_threshold", "range"),
        ("request_params", {"max_n": 0}, "max_n", "range"),
        ("tools", {"mode": "some"}, "mode", "value"),
        ("tools", {"enabled": True, "mode": "filtered"}, "", "required"),
        ("tools", {"enabled": True, "allow_tools": ["x"]}, "allow_tools", "conflict"),
        ("tools", {"enabled": True, "mode": "none", "block_tools": ["x"]}, "block_tools", "conflict"),
        ("tools", {"enabled": True, "strip_tool_history": True}, "strip_tool_history", "conflict"),
        (
            "tools",
            {"enabled": True, "dynamic_retrieval": {"enabled": True, "strategy": "hybrid_history"}},
            "dynamic_retrieval.history_window",
            "range",
        ),
        ("tool_selection", {"mode": "drop"}, "mode", "value"),
        ("tool_selection", {"relevance_threshold": 2}, "relevance_threshold", "range"),
        ("tool_selection", {"advanced_filtering": {"weights": {"tag": 2}}}, "advanced_filtering.weights.tag", "range"),
        ("rag", {"enabled": True}, "backend", "required"),
        ("rag", {"backend": "oracle"}, "backend", "value"),
        ("rag", {"enabled": True, "backend": "milvus"}, "backend_config.collection", "required"),
        ("rag", {"top_k": 0}, "top_k", "range"),
        ("rag", {"injection_mode": "user"}, "injection_mode", "value"),
        ("rag", {"on_failure": "cry"}, "on_failure", "value"),
        ("image_gen", {"enabled": True, "backend": "vllm_omni"}, "backend_config.base_url", "required"),
        ("image_gen", {"default_width": 0}, "default_width", "range"),
        ("context_compression", {"mode": "never"}, "mode", "value"),
        ("context_compression", {"failure_mode": "fail"}, "failure_mode", "value"),
        ("context_compression", {"targets": {"rag": {"mode": "drop"}}}, "targets.rag.mode", "value"),
        ("context_compression", {"targets": {"logs": {}}}, "targets.logs", "unknown_field"),
        (
            "context_compression",
            {"targets": {"rag": {"min_tokens": 10, "target_tokens": 10}}},
            "targets.rag.target_tokens",
            "range",
        ),
        (
            "context_compression",
            {"targets": {"tool_outputs": {"min_tokens": 900}}},
            "targets.tool_outputs.target_tokens",
            "range",
        ),
        (
            "context_compression",
            {"budget": {"trigger_tokens": 100, "target_tokens": "100"}},
            "budget.target_tokens",
            "range",
        ),
        ("context_compression", {"budget": {"trigger_tokens": "many"}}, "budget.trigger_tokens", "value"),
        ("context_compression", {"budget": {"trigger_tokens": -1}}, "budget.trigger_tokens", "value"),
        ("context_compression", {"scoring": {"method": "hybrid"}}, "scoring.embedding_model_ref", "required"),
        ("context_compression", {"recovery": {"enabled": True}}, "recovery.store", "required"),
        ("context_compression", {"request_controls": {"allowed": ["more"]}}, "request_controls.allowed[0]", "value"),
    ],
)
def test_a_configuration_is_held_to_its_rules(kind: str, configuration: dict[str, Any], at: str, code: str) -> None:
    assert faults_of(plugged(kind, **configuration)) == {f"{CONFIGURATION}.{at}".rstrip("."): code}


@pytest.mark.parametrize(
    ("detection", "at"),
    [
        ({}, "method"),
        ({"method": "keyword"}, ""),
        ({"method": "classifier", "classifier": {"model_path": "m"}}, "confidence_threshold"),
        ({"method": "hybrid", "keywords": ["draw"], "confidence_threshold": 0.5}, "lower_threshold_ratio"),
    ],
)
def test_images_are_detected_by_something(detection: dict[str, Any], at: str) -> None:
    raw = plugged(
        "image_gen", enabled=True, backend="openai", backend_config={"api_key": "k"}, modality_detection=detection
    )

    assert faults_of(raw) == {f"{CONFIGURATION}.modality_detection.{at}".rstrip("."): "required"}


def test_what_is_off_needs_no_lists_and_no_backend() -> None:
    assert plugin_of(plugged("tools", enabled=False, mode="filtered")).type == "tools"
    assert plugin_of(plugged("rag", enabled=False)).type == "rag"


def test_the_defaults_of_plugins_are_those_of_the_contract() -> None:
    cache, prompt = plugin_of(plugged("response_cache")), plugin_of(plugged("system_prompt", system_prompt="x"))

    assert isinstance(cache, ResponseCachePlugin)
    assert (cache.configuration.scope, cache.configuration.mode) == ("user", "semantic")
    assert isinstance(prompt, SystemPromptPlugin)
    assert (prompt.configuration.enabled, prompt.configuration.mode) == (True, "insert")
    assert RouterReplay().max_records == 10_000


def test_a_time_to_live_of_zero_is_not_the_global_one() -> None:
    none, zero = (plugged("response_cache", **ttl) for ttl in ({}, {"ttl_seconds": 0}))

    assert canonical_bytes(parse_workspace(none)) != canonical_bytes(parse_workspace(zero))


def test_counts_of_tokens_may_be_written_as_text() -> None:
    text, number = (
        parse_workspace(plugged("context_compression", budget={"trigger_tokens": count})) for count in ("500", 500)
    )

    assert canonical_bytes(text) == canonical_bytes(number)


def test_what_json_cannot_hold_is_refused_wherever_keys_are_passed_on() -> None:
    for configuration in ({"backend_config": {"x": float("inf")}}, {"further": [float("nan")]}):
        (key,) = configuration
        assert faults_of(plugged("rag", **configuration)) == {f"{CONFIGURATION}.{key}": "value"}


def test_no_fault_and_no_repr_repeats_a_backend_s_credential() -> None:
    raw = plugged("rag", enabled=True, backend="openai", backend_config={"api_key": "sk-hidden"})

    with pytest.raises(ContractError) as refusal:
        parse_workspace(raw)

    assert "sk-hidden" not in str(refusal.value)
    assert "sk-hidden" not in repr(parse_workspace(plugged("rag", backend_config={"api_key": "sk-hidden"})))


def test_the_parts_can_be_made_by_hand() -> None:
    assert ResponseCache.model_validate({"similarity_threshold": 0.5}).semantic.similarity_threshold == 0.5
    assert SystemPrompt().mode == "insert"
