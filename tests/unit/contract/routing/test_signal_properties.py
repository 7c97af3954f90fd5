"""Whatever stands where a signal, a rule or a projection should: a list of faults comes back, or the same bytes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from contract import ContractError, canonical_bytes, parse_workspace
from tests.unit.contract.documents import BASE

RULES = {
    "operator": "AND",
    "conditions": [
        {"type": "keyword", "name": "k"},
        {"operator": "NOT", "conditions": [{"type": "complexity", "name": "c:hard"}]},
        {"type": "classifier", "name": "x", "label": "A", "predicate": {"gte": 0.5}, "on_error": "match"},
        {"type": "projection", "name": "high"},
    ],
}
SIGNALS: dict[str, Any] = {
    "keywords": [{"name": "k", "operator": "OR", "keywords": ["a"], "method": "regex"}],
    "embeddings": [{"name": "e", "threshold": 0.5, "candidates": ["a"]}],
    "domains": [{"name": "d", "mmlu_categories": ["math"], "model_scores": [{"model": "fast", "score": 1}]}],
    "language": [{"name": "en", "threshold": 0.5}],
    "context": [{"name": "c", "min_tokens": "1K", "max_tokens": "1.5M"}],
    "structure": [
        {
            "name": "s",
            "feature": {"type": "count", "source": {"type": "regex", "pattern": "a"}},
            "predicate": {"gte": 1, "lt": 9},
        },
        {"name": "t", "feature": {"type": "sequence", "source": {"type": "sequence", "sequences": [["a", "b"]]}}},
    ],
    "complexity": [{"name": "c", "hard": {"candidates": ["a"]}, "composer": {"type": "domain", "name": "d"}}],
    "role_bindings": [{"name": "b", "role": "r", "subjects": [{"kind": "User", "name": "u"}]}],
    "kb": [{"name": "k", "kb": "mmlu_kb", "target": {"kind": "group", "value": "keep"}}],
    "conversation": [{"name": "c", "feature": {"type": "count", "source": {"type": "message", "role": "user"}}}],
    "events": [{"name": "e", "event_types": ["x"], "severities": ["high"], "temporal": True}],
    "metadata": [{"name": "m", "key": "k", "predicate": {"in": ["a"]}}],
    "classifiers": [{"name": "x", "type": "local", "model_path": "p", "labels": ["A", "B"]}],
}
PROJECTIONS: dict[str, Any] = {
    "partitions": [{"name": "p", "semantics": "exclusive", "members": ["d"], "default": "d"}],
    "scores": [
        {
            "name": "s",
            "method": "weighted_sum",
            "inputs": [
                {"type": "keyword", "name": "k", "weight": 0.5, "value_source": "confidence"},
                {"type": "kb_metric", "kb": "mmlu_kb", "metric": "best_score", "weight": 1},
            ],
        }
    ],
    "mappings": [{"name": "m", "source": "s", "outputs": [{"name": "low", "lt": 0}, {"name": "high", "gte": 0}]}],
}
WHOLE: dict[str, Any] = {
    **BASE,
    "routing": {
        **BASE["routing"],
        "signals": SIGNALS,
        "projections": PROJECTIONS,
        "decisions": [{"name": "d", "rules": RULES, "modelRefs": [{"model": "fast"}]}],
    },
}


def _places(node: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield way
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, inner in steps:
        yield from _places(inner, (*way, step))


PLACES = [
    place
    for section in ("signals", "projections", "decisions")
    for place in _places(WHOLE["routing"][section], ("routing", section))
]
JUNK = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _at(document: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        document = document[step]
    return document


def _changed(place: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(WHOLE)
    *way, last = place
    _at(document, tuple(way))[last] = value
    return document


def _is_refused_or_keeps_its_bytes(document: dict[str, Any]) -> None:
    try:
        written = canonical_bytes(parse_workspace(document))
    except ContractError:
        return
    assert canonical_bytes(parse_workspace(json.loads(written))) == written


def test_the_whole_document_is_valid() -> None:
    parse_workspace(WHOLE)
    _is_refused_or_keeps_its_bytes(WHOLE)


@settings(max_examples=300, deadline=None)
@given(some.sampled_from(PLACES), JUNK)
def test_anything_in_the_place_of_a_value_is_refused_or_kept(place: tuple[str | int, ...], value: Any) -> None:
    _is_refused_or_keeps_its_bytes(_changed(place, value))


@settings(max_examples=300, deadline=None)
@given(some.sampled_from(PLACES), some.sampled_from(PLACES))
def test_a_value_in_the_place_of_another_is_refused_or_kept(
    place: tuple[str | int, ...], other: tuple[str | int, ...]
) -> None:
    _is_refused_or_keeps_its_bytes(_changed(place, copy.deepcopy(_at(WHOLE, other))))


@settings(max_examples=200, deadline=None)
@given(some.sampled_from([place for place in PLACES if len(place) > 2]))
def test_a_value_that_is_left_out_is_missed_or_has_its_default(place: tuple[str | int, ...]) -> None:
    document = copy.deepcopy(WHOLE)
    *way, last = place
    del _at(document, tuple(way))[last]

    _is_refused_or_keeps_its_bytes(document)
