"""Workspace and consumer documents as people would put them."""

from __future__ import annotations

import json
from typing import Any


def document(
    *, alias: str = "fast", api_key: str = "", base_url: str = "https://api.example.com/v1", **more: Any
) -> str:
    """A small valid workspace document with one model; `api_key` is written inline."""
    backend: dict[str, Any] = {"name": "main", "base_url": base_url, "provider": "openai"}
    if api_key:
        backend["api_key"] = api_key
    whole = {
        "version": "v0.3",
        "listeners": [{"name": "http", "address": "127.0.0.1", "port": 12582}],
        "providers": {
            "defaults": {"default_model": alias},
            "models": [{"name": alias, "provider_model_id": "org/fast-1", "backend_refs": [backend]}],
        },
        "routing": {"modelCards": [{"name": alias}]},
    }
    return json.dumps(whole | more)


def consumer(consumer_id: str, **fields: Any) -> str:
    """A consumer's document."""
    return json.dumps({"version": "consumer/v1", "consumer_id": consumer_id} | fields)
