"""Where the keys of older, flat files belong in the canonical layout: one table for refusals and for the migration."""

from __future__ import annotations

from typing import Final

FLAT_SIGNALS: Final = {
    "signals": "routing.signals",
    "keyword_rules": "routing.signals.keywords",
    "embedding_rules": "routing.signals.embeddings",
    "categories": "routing.signals.domains",
    "fact_check_rules": "routing.signals.fact_check",
    "user_feedback_rules": "routing.signals.user_feedbacks",
    "reask_rules": "routing.signals.reasks",
    "preference_rules": "routing.signals.preferences",
    "language_rules": "routing.signals.language",
    "context_rules": "routing.signals.context",
    "structure_rules": "routing.signals.structure",
    "complexity_rules": "routing.signals.complexity",
    "modality_rules": "routing.signals.modality",
    "role_bindings": "routing.signals.role_bindings",
    "jailbreak_rules": "routing.signals.jailbreak",
    "pii_rules": "routing.signals.pii",
    "kb_rules": "routing.signals.kb",
    "conversation_rules": "routing.signals.conversation",
    "event_rules": "routing.signals.events",
    "metadata_rules": "routing.signals.metadata",
    "classifier_rules": "routing.signals.classifiers",
}

FLAT_ROUTING: Final = {
    **FLAT_SIGNALS,
    "decisions": "routing.decisions",
    "projections": "routing.projections",
    "modelCards": "routing.modelCards",
}

FLAT_PROVIDERS: Final = {
    "default_model": "providers.defaults.default_model",
    "reasoning_families": "providers.defaults.reasoning_families",
    "default_reasoning_effort": "providers.defaults.default_reasoning_effort",
}

# What older files keep at the top, or right below `global`.
FLAT_GLOBAL: Final = {
    "config_source": "global.router.config_source",
    "strategy": "global.router.strategy",
    "auto_model_name": "global.router.auto_model_name",
    "auto_model_names": "global.router.auto_model_names",
    "include_config_models_in_list": "global.router.include_config_models_in_list",
    "clear_route_cache": "global.router.clear_route_cache",
    "streamed_body": "global.router.streamed_body",
    "skip_processing": "global.router.skip_processing",
    "model_selection": "global.router.model_selection",
    "learning": "global.router.learning",
    "api": "global.services.api",
    "authz": "global.services.authz",
    "ratelimit": "global.services.ratelimit",
    "observability": "global.services.observability",
    "response_api": "global.services.response_api",
    "router_replay": "global.services.router_replay",
    "management_api": "global.services.management_api",
    "startup_status": "global.services.startup_status",
    "semantic_cache": "global.stores.response_cache",
    "response_cache": "global.stores.response_cache",
    "memory": "global.stores.memory",
    "vector_store": "global.stores.vector_store",
    "tools": "global.integrations.tools",
    "looper": "global.integrations.looper",
    "external_models": "global.model_catalog.external",
    "system_models": "global.model_catalog.system",
    "kbs": "global.model_catalog.kbs",
    "embedding_models": "global.model_catalog.embeddings.semantic",
    "bert_model": "global.model_catalog.embeddings.semantic",
    "classifier": "global.model_catalog.modules.classifier",
    "prompt_guard": "global.model_catalog.modules.prompt_guard",
    "hallucination_mitigation": "global.model_catalog.modules.hallucination_mitigation",
    "feedback_detector": "global.model_catalog.modules.feedback_detector",
    "modality_detector": "global.model_catalog.modules.modality_detector",
    "prompt_compression": "global.model_catalog.modules.prompt_compression",
}
