"""A workspace document of a large deployment: a thousand models, hundreds of decisions over as many signals."""

from __future__ import annotations

from typing import Any, Final

_DOMAINS: Final = ("business", "law", "health", "math", "physics", "history", "economics", "other")
_ALGORITHMS: Final[tuple[dict[str, Any], ...]] = (
    {"type": "static"},
    {"type": "latency_aware", "latency_aware": {"tpot_percentile": 50, "ttft_percentile": 90}},
    {"type": "multi_factor", "multi_factor": {"weights": {"quality": 0.5, "latency": 0.2, "cost": 0.3}}},
)


def large_document(models: int, decisions: int) -> dict[str, Any]:
    """A valid document; every decision asks for its own keywords and embeddings, and chooses between two models."""
    return {
        "version": "v0.3",
        "listeners": [{"name": "public", "address": "0.0.0.0", "port": 12582}],  # noqa: S104 - never bound
        "providers": {
            "defaults": {
                "default_model": "model-0",
                "reasoning_families": {"qwen3": {"type": "chat_template_kwargs", "parameter": "enable_thinking"}},
            },
            "models": [_model(number) for number in range(models)],
        },
        "routing": {
            "modelCards": [_card(number) for number in range(models)],
            "signals": _signals(decisions),
            "decisions": [_decision(number, models) for number in range(decisions)],
        },
        "global": {"router": {"strategy": "priority"}},
    }


def _model(number: int) -> dict[str, Any]:
    return {
        "name": f"model-{number}",
        "reasoning_family": "qwen3",
        "provider_model_id": f"org/model-{number}",
        "backend_refs": [
            {"name": "main", "base_url": f"https://m{number}.example.com/v1", "provider": "openai", "weight": 2},
            {"name": "own", "endpoint": f"10.0.{number // 256}.{number % 256}:8000", "api_key": "secret://own"},
        ],
        "pricing": {"currency": "USD", "prompt_per_1m": 0.15, "completion_per_1m": 0.6},
        "reliability": {"retry_count": 1, "retry_on": "connect-failure,5xx"},
    }


def _card(number: int) -> dict[str, Any]:
    return {
        "name": f"model-{number}",
        "context_window_size": 131072,
        "description": "A model of the benchmark",
        "capabilities": ["chat", "tools"],
        "quality_score": 0.5,
        "loras": [{"name": f"adapter-{number}", "description": "An adapter"}],
    }


def _signals(decisions: int) -> dict[str, Any]:
    return {
        "keywords": [
            {"name": f"words-{number}", "operator": "OR", "keywords": ["urgent", f"topic-{number}"]}
            for number in range(decisions)
        ],
        "embeddings": [
            {"name": f"like-{number}", "threshold": 0.7, "candidates": [f"a question about topic {number}"]}
            for number in range(decisions)
        ],
        "domains": [{"name": name, "mmlu_categories": [name]} for name in _DOMAINS],
        "context": [{"name": "long", "min_tokens": "8K", "max_tokens": "128K"}],
    }


def _decision(number: int, models: int) -> dict[str, Any]:
    return {
        "name": f"decision-{number}",
        "description": "A decision of the benchmark",
        "priority": number,
        "rules": {
            "operator": "AND",
            "conditions": [
                {"type": "domain", "name": _DOMAINS[number % len(_DOMAINS)]},
                {
                    "operator": "OR",
                    "conditions": [
                        {"type": "keyword", "name": f"words-{number}"},
                        {"type": "embedding", "name": f"like-{number}"},
                    ],
                },
                {"operator": "NOT", "conditions": [{"type": "context", "name": "long"}]},
            ],
        },
        "modelRefs": [
            {"model": f"model-{number % models}", "use_reasoning": True, "reasoning_effort": "high"},
            {"model": f"model-{(number * 7 + 1) % models}", "use_reasoning": False},
        ],
        "algorithm": _ALGORITHMS[number % len(_ALGORITHMS)],
        "plugins": [{"type": "system_prompt", "configuration": {"system_prompt": "You answer briefly."}}],
    }
