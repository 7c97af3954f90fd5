"""What holds for every change of a document that routes: it is refused with faults, or it keeps its bytes."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from contract import ContractError, canonical_bytes, parse_text, parse_workspace
from tests.unit.contract.documents import BASE

BOTH = [{"model": "fast", "lora_name": "sql", "weight": 0.5}, {"model": "slow", "use_reasoning": True}]
PLUGINS: dict[str, dict[str, Any]] = {
    "response_cache": {"enabled": True, "ttl_seconds": 0, "similarity_threshold": 0.5, "control_header": "x-c"},
    "system_prompt": {"system_prompt": "be brief", "mode": "replace"},
    "header_mutation": {"add": [{"name": "x-a", "value": "1"}], "delete": ["x-b"]},
    "hallucination": {"enabled": True, "hallucination_action": "none"},
    "router_replay": {"max_records": 3},
    "memory": {"enabled": True, "reflection": {"block_patterns": ["a"]}},
    "rag": {"enabled": True, "backend": "mcp", "backend_config": {"server_name": "s", "tool_name": "t"}},
    "image_gen": {"enabled": True, "backend": "openai", "backend_config": {"api_key": "k"}, "seed": [None, 1.5]},
    "fast_response": {"message": "busy"},
    "request_params": {"blocked_params": ["n"], "max_n": 2},
    "response_jailbreak": {"threshold": 0, "action": "none"},
    "tools": {"enabled": True, "mode": "filtered", "allow_tools": ["a"]},
    "tool_selection": {"advanced_filtering": {"weights": {"tag": 0.2}}},
    "context_compression": {"budget": {"trigger_tokens": "900"}, "targets": {"rag": {"mode": "extractive"}}},
}
ROLES = [{"name": "a b", "models": ["fast"]}, {"name": "c", "models": ["slow"], "access_list": ["a-b"]}]
ALGORITHMS: dict[str, Any] = {
    "static": None,
    "router_dc": {"temperature": 0.2},
    "automix": {},
    "hybrid": {"cost_weight": 1},
    "multi_factor": {"weights": {"cost": 1}, "slo": {"max_inflight": 3}},
    "latency_aware": {"tpot_percentile": 9},
    "prompt": {"model": "fast", "instructions": "choose"},
    "confidence": {"confidence_method": "hybrid", "hybrid_weights": {"logprob_weight": 0}},
    "ratings": {"max_concurrent": 1},
    "remom": {"breadth_schedule": [2, 1], "synthesis_model": "slow"},
    "fusion": {"analysis_overrides": [{"model": "fast", "temperature": 0}], "grounding": {"min_keep": 0}},
    "workflows": {"roles": ROLES, "final": {"model": "slow"}},
}


def _routing() -> dict[str, Any]:
    choosing = [
        {"name": kind, "modelRefs": BOTH, "algorithm": {"type": kind, **({} if block is None else {kind: block})}}
        for kind, block in ALGORITHMS.items()
    ]
    plugged = {
        "name": "plugged",
        "tier": 1,
        "modelRefs": BOTH,
        "plugins": [{"type": kind, "configuration": configuration} for kind, configuration in PLUGINS.items()],
        "annotations": {"a": [1, None, {"b": 1.0}]},
        "emits": [{"kind": "retention", "retention": {"drop": False, "ttl_turns": 2}}],
        "candidateIterations": [{"variable": "m", "source": "models", "models": BOTH}],
        "output_contract_spec": {"type": "choice", "choice_set": {"values": ["a", "b"]}},
        "adaptations": {"mode": "observe", "protection": {"switch_margin": 0}},
    }
    return {"strategy": "confidence", "decisions": [*choosing, plugged]}


FULL: dict[str, Any] = {
    **BASE,
    "routing": {**BASE["routing"], **_routing()},
    "recipes": [{"name": "r", "routing": _routing()}],
    "entrypoints": [{"model_names": [" n ", "m"], "recipe": "r"}],
    "setup": {"mode": True},
}
WORDS = some.sampled_from(["", "auto", "fast", "hybrid", "semantic", "response-cache", "none", "secret://a@1", "200"])
VALUES = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | WORDS
    | some.text(max_size=5)
    | some.lists(WORDS, max_size=3)
    | some.dictionaries(WORDS, some.integers() | WORDS, max_size=3)
)


def test_the_full_document_is_accepted() -> None:
    document = parse_workspace(FULL)

    assert len(document.routing.decisions) == len(ALGORITHMS) + 1


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.data())
def test_a_changed_document_is_refused_with_faults_or_keeps_its_bytes(data: some.DataObject) -> None:
    raw = copy.deepcopy(FULL)
    for _ in range(data.draw(some.integers(1, 3))):
        _change_somewhere(raw, data)

    with contextlib.suppress(ContractError):
        document = parse_workspace(raw)
        delivered = canonical_bytes(document)
        assert parse_workspace(parse_text(delivered)) == document
        assert canonical_bytes(parse_workspace(parse_text(delivered))) == delivered


def _change_somewhere(node: Any, data: some.DataObject) -> None:
    """Takes a way down to some value, and there puts another one in, takes it out, or adds one beside it."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = data.draw(some.sampled_from(keys))
        below = node[key]
        if not isinstance(below, dict | list) or not below or data.draw(some.integers(0, 5)) == 0:
            break
        node = below
    match data.draw(some.integers(0, 3)):
        case 0:
            del node[key]
        case 1 if isinstance(node, dict):
            node[data.draw(WORDS)] = data.draw(VALUES)
        case _:
            node[key] = data.draw(VALUES)


@pytest.mark.parametrize("kind", PLUGINS)
def test_every_default_of_a_plugin_that_is_written_out_says_nothing(kind: str) -> None:
    plugin = next(plugin for plugin in parse_workspace(FULL).routing.decisions[-1].plugins if plugin.type == kind)
    written = plugin.configuration.model_dump(mode="json", exclude_none=True)

    raw = copy.deepcopy(FULL)
    index = list(PLUGINS).index(kind)
    raw["routing"]["decisions"][-1]["plugins"][index]["configuration"] = written

    assert canonical_bytes(parse_workspace(raw)) == canonical_bytes(parse_workspace(FULL))
