"""The workspace document that benchmarks serve: a handful of models on loopback upstreams, about two kilobytes."""

from __future__ import annotations

import json
from typing import Any


def workspace_document(upstream_port: int, upstream_model: str, listener_port: int = 12582, models: int = 8) -> str:
    """JSON text. Every model goes to `upstream_port` under the name `upstream_model`, by which versions differ."""
    return json.dumps(
        {
            "version": "v0.3",
            "listeners": [{"name": "public", "address": "127.0.0.1", "port": listener_port}],
            "providers": {"models": [_model(number, upstream_port, upstream_model) for number in range(models)]},
            "routing": {"modelCards": [{"name": f"model-{number}"} for number in range(models)]},
        }
    )


def _model(number: int, port: int, upstream_model: str) -> dict[str, Any]:
    backend = {"name": "upstream", "base_url": f"http://127.0.0.1:{port}/v1", "api_key": "benchmark-key", "weight": 1}
    return {"name": f"model-{number}", "provider_model_id": upstream_model, "backend_refs": [backend]}
