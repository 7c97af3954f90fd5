"""The section `global`: exact defaults, and overrides that are merged, replaced or cleared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract import ContractError, canonical_bytes, parse_workspace
from contract.router_settings import GlobalSettings
from contract.router_settings.management_api import DEFAULT_ROLES


def settings(**sections: Any) -> GlobalSettings:
    return parse_workspace({"version": "v0.3", "global": sections}).global_settings


def dumped(part: Any) -> dict[str, Any]:
    """Only what is not empty: the defaults that say something."""
    written = part.model_dump(by_alias=True)
    return {key: value for key, value in written.items() if value not in (None, "", (), {})}


def test_the_router_chooses_by_knn_from_a_file_and_answers_to_mom() -> None:
    router = settings().router

    assert (router.config_source, router.auto_model_name, router.auto_model_names) == ("file", "MoM", None)
    assert (router.include_config_models_in_list, router.clear_route_cache) == (False, True)
    assert router.streamed_body.enabled is router.skip_processing.enabled is router.learning.enabled is False
    assert (router.model_selection.enabled, router.model_selection.method) == (True, "knn")
    assert dumped(router.model_selection.router_dc) == {
        "temperature": 0.07,
        "dimension_size": 768,
        "min_similarity": 0.3,
        "use_query_contrastive": True,
        "use_model_contrastive": True,
        "use_capabilities": True,
        "require_descriptions": False,
    }
    assert dumped(router.model_selection.hybrid) == {
        "experience_weight": 0.3,
        "router_dc_weight": 0.3,
        "automix_weight": 0.2,
        "cost_weight": 0.2,
        "quality_gap_threshold": 0.1,
        "normalize_scores": True,
    }


def test_services_keep_answers_in_redis_replay_nothing_and_trace_everything() -> None:
    services = settings().services

    response, replay = services.response_api, services.router_replay
    assert (response.enabled, response.store_backend) == (True, "redis")
    assert (response.ttl_seconds, response.max_responses) == (86400, 1000)
    assert (replay.enabled, replay.store_backend, replay.ttl_seconds, replay.async_writes) == (
        False,
        "memory",
        2592000,
        False,
    )
    assert services.startup_status.store_backend == "file"
    assert services.observability.metrics.enabled is True
    assert services.observability.tracing.model_dump() == {
        "enabled": True,
        "provider": "opentelemetry",
        "exporter": {"type": "otlp", "endpoint": "vllm-sr-jaeger:4317", "insecure": True},
        "sampling": {"type": "always_on", "rate": 1.0},
        "resource": {
            "service_name": "vllm-sr",
            "service_version": "v0.3.0",
            "deployment_environment": "development",
        },
    }


def test_the_management_listener_is_local_and_has_three_roles() -> None:
    management = settings().services.management_api

    assert (management.bind_address, management.port, management.remote_exposure) == ("127.0.0.1", 8080, False)
    assert (management.auth.mode, management.auth.tokens) == ("disabled", ())
    assert set(management.auth.roles) == {"viewer", "operator", "admin"}
    assert management.auth.roles["admin"] == ("*",)


def test_stores_cache_in_memory_and_remember_nothing() -> None:
    stores = settings().stores

    assert dumped(stores.response_cache) == {
        "enabled": True,
        "backend_type": "memory",
        "max_entries": 1000,
        "ttl_seconds": 3600,
        "eviction_policy": "fifo",
    }
    memory = stores.memory
    assert (memory.enabled, memory.auto_store, memory.backend) == (False, False, "milvus")
    assert (memory.default_retrieval_limit, memory.default_similarity_threshold) == (5, 0.70)
    assert memory.extraction_batch_size == 10
    assert (memory.milvus.collection, memory.milvus.dimension) == ("agentic_memory", 384)
    assert stores.vector_store is None


def test_integrations_find_no_tools_and_loop_through_the_local_envoy() -> None:
    tools, looper = settings().integrations.tools, settings().integrations.looper

    assert dumped(tools) == {
        "enabled": False,
        "top_k": 3,
        "tools_db_path": "config/tools_db.json",
        "fallback_to_empty": True,
        "target_dim": 0,
    }
    assert (looper.endpoint, looper.timeout_seconds) == ("http://localhost:8899/v1/chat/completions", 1200)
    assert (looper.max_response_bytes_mb, looper.grpc_max_msg_size_mb) == (32, 4)
    assert (looper.flow.state.store_backend, looper.flow.state.ttl_seconds) == ("file", 1800)


def test_the_catalogue_embeds_with_mmbert_and_knows_two_knowledge_bases() -> None:
    catalog = settings().model_catalog

    semantic, tuning = catalog.embeddings.semantic, catalog.embeddings.semantic.embedding_config
    assert (semantic.mmbert_model_path, semantic.use_cpu) == ("models/mmbert-embed-32k-2d-matryoshka", True)
    assert (tuning.model_type, tuning.preload_embeddings) == ("mmbert", True)
    assert (tuning.target_dimension, tuning.target_layer, tuning.top_k) == (768, 22, 1)
    assert (tuning.min_score_threshold, tuning.enable_soft_matching) == (0.5, True)
    prototypes = tuning.prototype_scoring
    assert (prototypes.cluster_similarity_threshold, prototypes.max_prototypes) == (0.9, 8)
    assert (prototypes.best_weight, prototypes.top_m) == (0.75, 2)
    assert [(base.name, base.threshold) for base in catalog.kbs] == [("privacy_kb", 0.55), ("mmlu_kb", 0.25)]
    assert len(catalog.system.model_dump()) == 7
    assert all(path.startswith("models/") for path in catalog.system.model_dump().values())
    assert catalog.external == ()


def test_modules_guard_and_classify_and_leave_the_rest_off() -> None:
    modules = settings().model_catalog.modules

    assert (modules.prompt_guard.enabled, modules.prompt_guard.threshold) == (True, 0.7)
    assert (modules.prompt_guard.variant, modules.prompt_guard.protocol) == ("mmbert32k", None)
    assert (modules.classifier.domain.threshold, modules.classifier.pii.threshold) == (0.5, 0.9)
    assert modules.classifier.preference.use_contrastive is True
    mitigation = modules.hallucination_mitigation
    assert (mitigation.enabled, mitigation.fact_check.threshold, mitigation.explainer.threshold) == (False, 0.6, 0.9)
    detector = mitigation.detector
    assert (detector.threshold, detector.min_span_length, detector.min_span_confidence) == (0.8, 2, 0.6)
    assert (detector.context_window_size, detector.nli_entailment_threshold) == (50, 0.75)
    assert (modules.feedback_detector.enabled, modules.feedback_detector.threshold) == (True, 0.7)
    assert modules.prompt_compression.enabled is modules.modality_detector.enabled is False


def test_a_mapping_is_merged_field_by_field() -> None:
    hybrid = settings(router={"model_selection": {"hybrid": {"cost_weight": 0.9}}}).router.model_selection.hybrid

    assert (hybrid.cost_weight, hybrid.experience_weight) == (0.9, 0.3)


def test_a_role_that_is_written_leaves_the_other_roles() -> None:
    written = {"management_api": {"auth": {"roles": {"viewer": ["health.read"], "auditor": ["replay.read"]}}}}

    roles = settings(services=written).services.management_api.auth.roles

    assert roles["viewer"] == ("health.read",)
    assert roles["auditor"] == ("replay.read",)
    assert roles["operator"] == DEFAULT_ROLES["operator"]


def test_a_list_replaces_the_default_list() -> None:
    own = {"name": "own", "source": {"path": "knowledge_bases/own/"}, "threshold": 0.4}

    assert [base.name for base in settings(model_catalog={"kbs": [own]}).model_catalog.kbs] == ["own"]
    assert settings(model_catalog={"kbs": []}).model_catalog.kbs == ()


def test_an_empty_list_of_automatic_names_is_not_the_same_as_none() -> None:
    assert settings(router={"auto_model_names": []}).router.auto_model_names == ()


def test_zero_false_and_empty_text_override() -> None:
    modules = {"prompt_guard": {"enabled": False, "threshold": 0, "model_ref": "", "jailbreak_mapping_path": ""}}

    guard = settings(model_catalog={"modules": modules}).model_catalog.modules.prompt_guard

    assert (guard.enabled, guard.threshold, guard.model_ref, guard.jailbreak_mapping_path) == (False, 0, "", "")


def test_an_empty_word_where_one_of_some_is_chosen_means_the_default() -> None:
    assert settings(services={"startup_status": {"store_backend": ""}}).services.startup_status.store_backend == "file"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"stores": {"semantic_cache": {"max_entries": 5}}}, {"stores": {"response_cache": {"max_entries": 5}}}),
        (
            {"router": {"model_selection": {"hybrid": {"elo_weight": 0.5}}}},
            {"router": {"model_selection": {"hybrid": {"experience_weight": 0.5}}}},
        ),
        (
            {"model_catalog": {"modules": {"prompt_guard": {"use_modernbert": True}}}},
            {"model_catalog": {"modules": {"prompt_guard": {"variant": "candle"}}}},
        ),
        (
            {"model_catalog": {"modules": {"prompt_guard": {"use_vllm": True, "enabled": False}}}},
            {"model_catalog": {"modules": {"prompt_guard": {"protocol": "http_chat", "enabled": False}}}},
        ),
        (
            {"model_catalog": {"embeddings": {"semantic": {"hnsw_config": {"top_k": 3}}}}},
            {"model_catalog": {"embeddings": {"semantic": {"embedding_config": {"top_k": 3}}}}},
        ),
        (
            {"model_catalog": {"modules": {"prompt_compression": {"profile": "Multi-Turn"}}}},
            {"model_catalog": {"modules": {"prompt_compression": {"profile": "multi_turn"}}}},
        ),
    ],
)
def test_an_earlier_spelling_means_the_same_as_the_new_one(old: dict[str, Any], new: dict[str, Any]) -> None:
    def canonical(sections: dict[str, Any]) -> bytes:
        return canonical_bytes(parse_workspace({"version": "v0.3", "global": sections}))

    assert canonical(old) == canonical(new)
    assert canonical(new) == canonical(json.loads(canonical(new))["global"])


def test_a_fault_under_an_earlier_name_is_found_where_it_was_written() -> None:
    with pytest.raises(ContractError) as refusal:
        settings(stores={"semantic_cache": {"max_entries": "many"}})

    assert [fault.path for fault in refusal.value.faults] == ["global.stores.semantic_cache.max_entries"]


def test_the_defaults_fit_their_own_types() -> None:
    written = json.loads(json.dumps(GlobalSettings().model_dump(by_alias=True, exclude_none=True)))
    written["model_catalog"]["modules"]["prompt_guard"].pop("use_vllm", None)

    assert settings(**written) == GlobalSettings()
