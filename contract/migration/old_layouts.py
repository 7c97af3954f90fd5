"""The tables of the older layouts: what moves where, what is called otherwise, and what has no place any more."""

from __future__ import annotations

from typing import Any, Final

from contract.flat_keys import FLAT_GLOBAL, FLAT_PROVIDERS, FLAT_ROUTING, FLAT_SIGNALS

# Sections that older files wrap around others; an empty path is the top of the document.
_WRAPPERS: Final = [
    ("backend_models", ""),
    ("inline_models", ""),
    ("global.runtime.router", "global"),
    ("global.runtime", "global"),
    ("global.modules", "global.model_catalog.modules"),
    ("global.models", "global.model_catalog"),
]

_IN_MODULES: Final = "global.model_catalog.modules"
_OF_CLASSIFIER: Final[dict[str, str]] = {
    "category_model": f"{_IN_MODULES}.classifier.domain",
    "pii_model": f"{_IN_MODULES}.classifier.pii",
    "mcp_category_model": f"{_IN_MODULES}.classifier.mcp",
    "preference_model": f"{_IN_MODULES}.classifier.preference",
    "feedback_model": f"{_IN_MODULES}.feedback_detector",
    "factcheck_model": f"{_IN_MODULES}.hallucination_mitigation.fact_check",
    "fact_check_model": f"{_IN_MODULES}.hallucination_mitigation.fact_check",
}
_OF_HALLUCINATION: Final[dict[str, str]] = {
    "fact_check_model": f"{_IN_MODULES}.hallucination_mitigation.fact_check",
    "hallucination_model": f"{_IN_MODULES}.hallucination_mitigation.detector",
    "nli_model": f"{_IN_MODULES}.hallucination_mitigation.explainer",
}
_OF_BERT: Final[dict[str, str]] = {
    "model_id": "bert_model_path",
    "use_cpu": "use_cpu",
    "threshold": "embedding_config.min_score_threshold",
}
_EMBEDDINGS: Final = "global.model_catalog.embeddings"


def _nested(old: str, inner: dict[str, str], new: str = "") -> list[tuple[str, str]]:
    return [(f"{old}.{key}", f"{new}.{place}" if new else place) for key, place in inner.items()]


# At the top of a file, or right below `global`.
_INNER: Final = [
    *_nested("classifier", _OF_CLASSIFIER),
    *_nested("hallucination_mitigation", _OF_HALLUCINATION),
    *_nested("embedding_models", {"hnsw_config": f"{_EMBEDDINGS}.semantic.embedding_config"}),
    *_nested("embedding_models", {"embedding_config": f"{_EMBEDDINGS}.semantic.embedding_config"}),
    *_nested("bert_model", _OF_BERT, f"{_EMBEDDINGS}.semantic"),
    ("api_server.port", "global.services.management_api.port"),
    ("metrics.enabled", "global.services.observability.metrics.enabled"),
]

# Files of the canonical layout may use the old names inside the new sections.
_INSIDE: Final = [
    *_nested(f"{_IN_MODULES}.classifier", _OF_CLASSIFIER),
    *_nested(f"{_IN_MODULES}.hallucination_mitigation", _OF_HALLUCINATION),
    *_nested(f"{_EMBEDDINGS}.bert", _OF_BERT, f"{_EMBEDDINGS}.semantic"),
    (f"{_EMBEDDINGS}.semantic.hnsw_config", f"{_EMBEDDINGS}.semantic.embedding_config"),
    ("global.stores.semantic_cache", "global.stores.response_cache"),
    ("providers.external_models", "global.model_catalog.external"),
    ("routing.models", "routing.modelCards"),
    *_nested("providers", FLAT_PROVIDERS),
]

# In this order: what lies inside a section goes before the section does.
MOVES: Final[tuple[tuple[str, str], ...]] = (
    *_WRAPPERS,
    *_INNER,
    *((f"global.{old}", new) for old, new in _INNER),
    *((f"signals.{old}", new) for old, new in FLAT_SIGNALS.items()),
    *FLAT_ROUTING.items(),
    *FLAT_PROVIDERS.items(),
    *FLAT_GLOBAL.items(),
    *((f"global.{old}", new) for old, new in FLAT_GLOBAL.items()),
    *_INSIDE,
)

# Modules that name their model by `model_id` also say which entry of the catalogue it stands for.
MODEL_REFS: Final[dict[str, str]] = {
    f"{_IN_MODULES}.prompt_guard": "prompt_guard",
    f"{_IN_MODULES}.classifier.domain": "domain_classifier",
    f"{_IN_MODULES}.classifier.pii": "pii_classifier",
    f"{_IN_MODULES}.hallucination_mitigation.fact_check": "fact_check_classifier",
    f"{_IN_MODULES}.hallucination_mitigation.detector": "hallucination_detector",
    f"{_IN_MODULES}.hallucination_mitigation.explainer": "hallucination_explainer",
    f"{_IN_MODULES}.feedback_detector": "feedback_detector",
}

# Two names of one store: a file that fills both contradicts itself.
CACHES: Final = (
    "semantic_cache",
    "response_cache",
    "global.semantic_cache",
    "global.response_cache",
    "global.stores.semantic_cache",
    "global.stores.response_cache",
)

_OF_EXTERNAL: Final = {
    "provider": "llm_provider",
    "role": "model_role",
    "model_name": "llm_model_name",
    "timeout_seconds": "llm_timeout_seconds",
}

REMOVED_SELECTORS: Final = ("elo", "rl_driven", "gmtrouter", "bandit", "personalization")
_LEARNT_STATE: Final = ("session_aware", "model_switch_gate", "lookup_tables")

# Keys below a place that have another name now.
RENAMED: Final[tuple[tuple[str, str], ...]] = (
    ("{routing}.decisions[].algorithm.hybrid.elo_weight", "experience_weight"),
    ("global.router.model_selection.hybrid.elo_weight", "experience_weight"),
    *((f"global.model_catalog.external[].{old}", new) for old, new in _OF_EXTERNAL.items()),
    ("{routing}.decisions[].model_refs", "modelRefs"),
    ("{routing}.signals.keywords[].category", "name"),
    ("{routing}.signals.embeddings[].category", "name"),
    ("{routing}.signals.embeddings[].keywords", "candidates"),
)

# Values that are written otherwise now; None takes the key out, which leaves its default.
RESPELT: Final[tuple[tuple[str, Any, Any, str], ...]] = (
    ("{routing}.signals.embeddings[].aggregation_method", "avg", "mean", "the average is called mean"),
    ("{routing}.decisions[].algorithm.confidence.token_filter", "alpha_numeric", "all", "that filter was removed"),
    (
        "{routing}.decisions[].algorithm.remom.compaction_strategy",
        "summarize",
        "full",
        "nothing is summarized any more",
    ),
    *(
        ("global.router.model_selection.method", method, None, "that selector was removed; the default is knn")
        for method in (*REMOVED_SELECTORS, "session_aware", "lookup_tables")
    ),
)

_REMOVED_TUNING: Final = (
    "cache_weight",
    "handoff_penalty",
    "handoff_penalty_weight",
    "switch_history_weight",
    "max_cache_cost_multiplier",
    "weight",
    "protection_weight",
)
_LEARNED = "the selectors that learnt from ratings were removed; see global.router.learning"
_PROTECTED = "was removed; protection is tuned by stability_weight and switch_margin"
_TUNED = "weighed the two classifier paths of an older release, which are one now"
_INDEXED = "the cache in memory has no such knob any more"
_LABELS = "described labels, which the models bring themselves"

DROPPED: Final[tuple[tuple[str, str], ...]] = (
    *((f"global.router.model_selection.{key}", _LEARNED) for key in (*REMOVED_SELECTORS, *_LEARNT_STATE)),
    *((f"global.router.learning.protection.tuning.{key}", _PROTECTED) for key in _REMOVED_TUNING),
    ("{routing}.decisions[].adaptations.coordination", _PROTECTED),
    *((f"global.stores.response_cache.{key}", _INDEXED) for key in ("use_hnsw", "hnsw_m", "hnsw_ef_construction")),
    ("global.stores.response_cache.max_memory_entries", _INDEXED),
    ("global.model_catalog.embeddings.bert", "is one of the paths in embeddings.semantic now"),
    ("router", _TUNED),
    ("entropy_threshold", "decided on reasoning by entropy; a decision says use_reasoning itself"),
    ("high_entropy_threshold", "decided on reasoning by entropy; a decision says use_reasoning itself"),
    ("jailbreak_types", _LABELS),
    ("pii_types", _LABELS),
    ("mom_registry", "said where models are downloaded; the paths of the models stay as they are"),
    ("metrics.path", "metrics have one fixed path"),
    ("api_server.enabled", "the management API is always there; global.services.management_api says where"),
    ("{routing}.signals.structure[].feature.normalize_by", "was removed; feature.type density measures per text unit"),
    *(
        (f"{{routing}}.signals.embeddings[].{key}", "the embedding model is chosen once, in model_catalog.embeddings")
        for key in ("model", "dimension", "quality_priority", "latency_priority")
    ),
)

_KNOWLEDGE = "became a knowledge base: describe it in global.model_catalog.kbs and name it in routing.signals.kb"

UNDECIDED: Final[tuple[tuple[str, str], ...]] = (
    ("{routing}.signals.category_kb", _KNOWLEDGE),
    ("{routing}.signals.taxonomy", _KNOWLEDGE),
    ("global.model_catalog.classifiers", _KNOWLEDGE),
    ("recipes[].routing.models", "describe the models once for all recipes, in routing.modelCards"),
    (
        "global.stores.response_cache.backend_config_path",
        "write what that file says below response_cache.redis or .milvus",
    ),
    ("decision_tree", "was not read by any release: say it as routing.decisions"),
    ("image_gen_backends", "write each one as the backend_config of a decision's plugin image_gen"),
)
