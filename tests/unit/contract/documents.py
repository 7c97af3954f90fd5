"""A small valid workspace document as a mapping, and how to change one place of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from contract import ContractError, parse_workspace

BASE: dict[str, Any] = {
    "version": "v0.3",
    "listeners": [{"name": "http", "address": "0.0.0.0", "port": 12582}],  # noqa: S104 - never bound
    "providers": {
        "defaults": {
            "default_model": "fast",
            "reasoning_families": {"qwen3": {"type": "chat_template_kwargs", "parameter": "enable_thinking"}},
        },
        "models": [
            {
                "name": "fast",
                "reasoning_family": "qwen3",
                "provider_model_id": "org/fast-1",
                "backend_refs": [{"base_url": "https://api.example.com/v1", "provider": "openai"}],
            }
        ],
    },
    "routing": {"modelCards": [{"name": "fast", "loras": [{"name": "sql"}]}, {"name": "slow"}]},
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The base document after the change."""
    document = copy.deepcopy(BASE)
    change(document)
    return document


def with_value(path: str, value: object) -> dict[str, Any]:
    """The base document with a value at a dotted path, whose numbers are positions; what is missing is made."""
    document: Any = copy.deepcopy(BASE)
    *way, last = path.split(".")
    node = document
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    if isinstance(node, list):
        node[int(last)] = value
    else:
        node[last] = value
    assert isinstance(document, dict)
    return document


def with_backend(**fields: object) -> dict[str, Any]:
    """The base document with these fields added to its backend; None takes a field away."""
    document = copy.deepcopy(BASE)
    ref = document["providers"]["models"][0]["backend_refs"][0]
    ref.update(fields)
    return document


def faults_of(raw: dict[str, Any]) -> dict[str, str]:
    """Path to code of every fault of a workspace document; a path with two faults keeps the last."""
    with pytest.raises(ContractError) as refusal:
        parse_workspace(raw)
    return {fault.path: fault.code for fault in refusal.value.faults}
