"""Keys that a document may not use: the deprecated ones with the way out, and those that are kept elsewhere.

Paths are patterns: `[]` stands for any element of a list.
"""

from __future__ import annotations

from typing import Final

from contract.flat_keys import FLAT_GLOBAL, FLAT_PROVIDERS, FLAT_ROUTING

MIGRATE: Final = (
    "`agentrouter migrate -f FILE` rewrites old files, as `vllm-sr config migrate --config old-config.yaml` would"
)

_ON_CARDS: Final = (
    "param_size",
    "context_window_size",
    "description",
    "capabilities",
    "loras",
    "quality_score",
    "modality",
    "tags",
)
_OF_FLAT_MODELS: Final = {
    "model_config": "providers.models and routing.modelCards",
    "vllm_endpoints": "providers.models[].backend_refs",
    "provider_profiles": "providers.models[].backend_refs",
}
_REMOVED_SELECTORS: Final = (
    "session_aware",
    "model_switch_gate",
    "lookup_tables",
    "elo",
    "rl_driven",
    "gmtrouter",
    "bandit",
    "personalization",
)
_OF_EXTERNAL_MODELS: Final = {
    "endpoint": "llm_endpoint",
    "model_name": "llm_model_name",
    "provider": "llm_provider",
    "role": "model_role",
    "timeout_seconds": "llm_timeout_seconds",
}

_LEARNING: Final = "it was removed; use global.router.learning"

DEPRECATED: Final[dict[str, str]] = {
    **{
        key: f"move it to {place}"
        for flat in (FLAT_ROUTING, FLAT_PROVIDERS, FLAT_GLOBAL, _OF_FLAT_MODELS)
        for key, place in flat.items()
    },
    "routing.models": "describe the models in routing.modelCards",
    **{
        f"routing.signals.{key}": f"routing.signals.{key} is no longer supported, use routing.signals.kb"
        for key in ("category_kb", "taxonomy")
    },
    "routing.signals.structure[].feature.normalize_by": "use feature.type density",
    "routing.signals.embeddings[].model": "use global.model_catalog.embeddings.semantic.embedding_config.model_type",
    "routing.signals.embeddings[].keywords": "write them as candidates",
    "routing.decisions[].modelSelectionAlgorithm": "use the decision's algorithm",
    **{f"routing.decisions[].{key}": "use the plugin tools" for key in ("tool_scope", "allow_tools", "block_tools")},
    **{f"routing.decisions[].algorithm.{key}": _LEARNING for key in ("elo", "rl_driven", "gmtrouter", "session_aware")},
    "routing.decisions[].adaptations.coordination": "it was removed; protection has stability_weight and switch_margin",
    **{f"providers.{key}": f"move it to {place}" for key, place in FLAT_PROVIDERS.items()},
    **{
        f"providers.{key}": "write the places that serve a model as providers.models[].backend_refs"
        for key in ("model_targets", "backends", "auth_profiles")
    },
    **{
        f"providers.models[].{key}": "write the places that serve the model as backend_refs"
        for key in ("access", "endpoints")
    },
    "providers.models[].access_key": "give each backend_ref its api_key",
    **{f"providers.models[].{key}": f"move it to the model's card: routing.modelCards[].{key}" for key in _ON_CARDS},
    "global.modules": "move it to global.model_catalog.modules",
    "global.model_catalog.embeddings.bert": "use global.model_catalog.embeddings.semantic",
    "global.model_catalog.classifiers": "describe them in global.model_catalog.kbs",
    **{
        f"global.router.model_selection.{key}": "it was removed; use global.router.learning"
        for key in _REMOVED_SELECTORS
    },
    **{f"global.model_catalog.external[].{old}": f"it is called {new}" for old, new in _OF_EXTERNAL_MODELS.items()},
    "global.services.observability.tracing.sampling_rate": "write it as sampling.rate",
    "global.stores.response_cache.backend_config_path": "describe the backend beside it: redis, valkey, milvus, qdrant",
    **{
        f"global.stores.response_cache.{key}": "it was removed"
        for key in ("use_hnsw", "hnsw_m", "hnsw_ef_construction", "max_memory_entries")
    },
}

# A recipe routes as the document does, and what a document may not say of it, a recipe may not either.
DEPRECATED.update({f"recipes[].{key}": hint for key, hint in DEPRECATED.items() if key.startswith("routing.")})

# What a consumer's document holds when it is delivered, and nobody writes into it.
SAVED_APART: Final[dict[str, str]] = dict.fromkeys(
    ("backends", "mode"), "is not written here: `agentrouter backends save` keeps a consumer's backends and their keys"
)
