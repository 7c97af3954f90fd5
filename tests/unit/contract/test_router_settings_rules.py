"""What must hold inside `global`: each rule broken once in an otherwise good section."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, parse_workspace
from contract.faults import FaultLog
from contract.router_settings.rules import check_global

KB: dict[str, Any] = {"name": "own", "source": {"path": "knowledge_bases/own/"}, "groups": {"a": ["x"], "b": ["y"]}}
REMOTE: dict[str, Any] = {"backend": "openai_compatible", "model_type": "remote"}


def at(path: str, value: object) -> dict[str, Any]:
    """A document with one value at this path under `global`."""
    document: dict[str, Any] = {"version": "v0.3", "global": {}}
    node = document["global"]
    *way, last = path.split(".")
    for step in way:
        node = node.setdefault(step, {})
    node[last] = value
    return document


def faults_of(document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ContractError) as refusal:
        parse_workspace(document)
    return {fault.path.removeprefix("global."): fault.code for fault in refusal.value.faults}


@pytest.mark.parametrize(
    ("path", "value", "fault_at", "code"),
    [
        ("router.strategy", "random", "", "value"),
        ("router.config_source", "consul", "", "value"),
        ("router.model_selection.method", "rl_driven", "", "deprecated"),
        ("router.model_selection.method", "dice", "", "value"),
        ("router.model_selection.method", "", "", "required"),
        ("router.model_selection.method", None, "", "required"),
        ("router.model_selection.bandit", {}, "", "deprecated"),
        ("router.learning.adaptation.strategy", "guess", "", "value"),
        ("router.learning.adaptation.candidate_set", "cluster", "", "value"),
        ("router.learning.protection.scope", "day", "", "value"),
        ("router.learning.protection.identity.headers.session", "", "", "header"),
        ("router.learning.protection.identity.headers.run", "x-run-id", "", "unknown_field"),
        ("router.learning.protection.tuning.switch_margin", -0.1, "", "range"),
        ("router.learning.state_store", {"backend": "redis"}, ".redis.address", "required"),
        ("router.learning.state_store", {"backend": "file"}, ".backend", "value"),
        ("services.management_api.port", 70000, "", "range"),
        ("services.management_api.bind_address", "example.com", "", "value"),
        ("services.management_api.auth.mode", "basic", "", "value"),
        ("services.management_api", {"remote_exposure": True}, ".auth.mode", "conflict"),
        ("services.management_api.auth.tokens", [{"env": "1 TOKEN", "role": "admin"}], "[0].env", "value"),
        ("services.ratelimit.providers", [{"type": "envoy-ratelimit"}], "[0].address", "required"),
        ("services.ratelimit.providers", [{"type": "local-limiter"}], "[0].rules", "required"),
        ("services.authz.providers", [{"type": "header-injection", "headers": {"openai": ""}}], None, "required"),
        ("services.router_replay.store_backend", "tape", "", "value"),
        ("services.observability.tracing.sampling.rate", 1.5, "", "range"),
        ("stores.response_cache.similarity_threshold", 1.01, "", "range"),
        ("stores.memory.default_similarity_threshold", -0.1, "", "range"),
        ("stores.memory.backend", "disk", "", "value"),
        ("stores", {"response_cache": {}, "semantic_cache": {}}, ".semantic_cache", "conflict"),
        ("stores.vector_store", {"enabled": True}, ".backend_type", "required"),
        ("stores.vector_store", {"enabled": True, "backend_type": "milvus"}, ".milvus", "required"),
        ("stores.vector_store", {"enabled": True, "backend_type": "qdrant", "qdrant": {}}, ".qdrant.host", "required"),
        ("stores.vector_store.llama_stack.search_type", "fuzzy", "", "value"),
        ("stores.response_cache.use_hnsw", True, "", "deprecated"),
        ("integrations.looper.endpoint", "localhost:8899", "", "address"),
        ("integrations.looper.fusion.model_names", [" "], "[0]", "value"),
        ("integrations.looper.flow.state.store_backend", "tape", "", "value"),
        ("integrations.tools.advanced_filtering.retrieval_strategy", "best", "", "value"),
        ("integrations.tools.advanced_filtering.weights.tag", 2, "", "range"),
        ("model_catalog.system", {"prompt_guard": ""}, None, "reference"),
        ("model_catalog.modules.classifier.pii.model_ref", "ghost", "", "reference"),
        ("model_catalog.modules.prompt_compression.profile", "poetry", "", "value"),
        ("model_catalog.modules.prompt_guard", {"variant": "candle", "protocol": "http_chat"}, ".protocol", "conflict"),
        ("model_catalog.modules.prompt_guard.protocol", "http_chat", "", "reference"),
        ("model_catalog.modules.prompt_guard.on_error", "ignore", "", "value"),
        (
            "model_catalog.modules.hallucination_mitigation.detector",
            {"backend": "Endpoint"},
            ".endpoint",
            "required",
        ),
        ("model_catalog.modules.modality_detector", {"enabled": True}, ".method", "required"),
        (
            "model_catalog.modules.modality_detector",
            {"enabled": True, "method": "keyword"},
            ".keywords",
            "required",
        ),
        ("model_catalog.external", [{"name": "a"}, {"name": "a"}], "[1].name", "duplicate"),
        ("model_catalog.external", [{"role": "guardrail"}], "[0].role", "deprecated"),
        ("model_catalog.embeddings.semantic.mmbert_model_path", "models/mom-embedding-light", "", "value"),
        ("model_catalog.embeddings.semantic.embedding_config", REMOTE, None, "required"),
        ("model_catalog.kbs", [KB, KB], "[1].name", "duplicate"),
        ("model_catalog.kbs", [{**KB, "source": {"path": "/etc"}}], "[0].source.path", "value"),
        ("model_catalog.kbs", [{**KB, "source": {}}], "[0].source.path", "required"),
        ("model_catalog.kbs", [{**KB, "threshold": 2}], "[0].threshold", "range"),
        ("model_catalog.kbs", [{**KB, "label_thresholds": {"x": -1}}], "[0].label_thresholds.x", "range"),
        ("model_catalog.kbs", [{**KB, "groups": {"a": []}}], "[0].groups.a", "required"),
        ("model_catalog.kbs", [{**KB, "groups": {"a": ["x", "x"]}}], "[0].groups.a", "duplicate"),
        (
            "model_catalog.kbs",
            [{**KB, "metrics": [{"name": "m", "type": "mean", "positive_group": "a", "negative_group": "b"}]}],
            "[0].metrics[0].type",
            "value",
        ),
        (
            "model_catalog.kbs",
            [{**KB, "metrics": [{"name": "m", "type": "group_margin", "positive_group": "a"}]}],
            "[0].metrics[0].negative_group",
            "reference",
        ),
    ],
)
def test_a_broken_rule_is_a_fault_where_it_is_broken(path: str, value: object, fault_at: str | None, code: str) -> None:
    faults = faults_of(at(path, value))

    assert code in faults.values()
    if fault_at is not None:
        assert faults[f"{path}{fault_at}"] == code


def test_an_explicit_model_wins_over_a_reference_to_nothing() -> None:
    module = {"model_ref": "ghost", "model_id": "models/own"}

    parse_workspace(at("model_catalog.modules.prompt_guard", module))


def test_an_external_guard_needs_one_that_is_wired() -> None:
    document = at("model_catalog.modules.prompt_guard.protocol", "http_classify")
    guard = {
        "model_role": "guardrail",
        "llm_endpoint": {"address": "guard", "port": 8000},
        "llm_model_name": "qwen_guard",
    }
    document["global"]["model_catalog"]["external"] = [guard]

    assert parse_workspace(document).global_settings.model_catalog.modules.prompt_guard.variant is None


def test_embeddings_of_a_service_have_the_dimension_that_is_asked_of_it() -> None:
    semantic = {
        "embedding_config": {**REMOTE, "target_dimension": 768},
        "endpoint": {"base_url": "https://example.com/v1", "model": "bge", "dimensions": 1024},
    }

    faults = faults_of(at("model_catalog.embeddings.semantic", semantic))

    assert faults == {"model_catalog.embeddings.semantic.endpoint.dimensions": "conflict"}


def test_what_only_looks_wrong_is_a_warning() -> None:
    log = FaultLog()

    check_global(
        {
            "stores": {"semantic_cache": {}},
            "services": {
                "management_api": {"bind_address": "0.0.0.0"},  # noqa: S104 - never bound
                "authz": {"providers": [{"type": "oracle"}]},
            },
            "model_catalog": {"modules": {"prompt_guard": {"use_vllm": False}}},
        },
        log,
    )

    log.raise_if_any()
    assert [warning.path for warning in log.warnings()] == [
        "global.model_catalog.modules.prompt_guard.use_vllm",
        "global.services.authz.providers[0].type",
        "global.services.management_api.bind_address",
        "global.stores.semantic_cache",
    ]


@pytest.mark.parametrize(
    ("source", "found"), [("file", {"routing.decisions[0].modelRefs[0].model"}), ("kubernetes", set())]
)
def test_routing_that_comes_from_kubernetes_is_not_held_to_the_file(source: str, found: set[str]) -> None:
    document = at("router.config_source", source)
    document["routing"] = {
        "modelCards": [{"name": "here"}],
        "decisions": [{"name": "d", "modelRefs": [{"model": "far"}]}],
    }

    assert _paths(document) == found


def test_what_the_file_says_itself_is_judged_wherever_its_routing_comes_from() -> None:
    document = at("router", {"config_source": "kubernetes", "strategy": "random"})
    document["routing"] = {"modelCards": [{"name": "a"}, {"name": "a"}]}

    assert _paths(document) == {"global.router.strategy", "routing.modelCards[1].name"}


def _paths(document: dict[str, Any]) -> set[str]:
    try:
        parse_workspace(document)
    except ContractError as refusal:
        return {fault.path for fault in refusal.faults}
    return set()
