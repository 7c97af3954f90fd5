"""Projections: what they may name, how bands are bounded, and that scores do not wait for each other in a circle."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.contract.routing.judged import accepted, faults_of, the_fault_of, warnings_of

SIGNALS: dict[str, Any] = {
    "keywords": [{"name": "urgent", "operator": "OR", "keywords": ["asap"]}],
    "domains": [{"name": "math"}, {"name": "law"}, {"name": "own"}],
    "embeddings": [{"name": "like", "threshold": 0.5, "candidates": ["x"]}],
    "complexity": [{"name": "task"}],
    "metadata": [{"name": "m", "key": "k", "predicate": {"exists": True}}],
}
PARTITION = {"name": "p", "semantics": "exclusive", "members": ["math", "law"], "default": "law"}
INPUT = {"type": "keyword", "name": "urgent", "weight": 1}
SCORE = {"name": "s", "method": "weighted_sum", "inputs": [INPUT]}
MAPPING = {"name": "m", "source": "s", "outputs": [{"name": "low", "lt": 0.5}, {"name": "high", "gte": 0.5}]}


def _with(**projections: Any) -> dict[str, Any]:
    return {"signals": SIGNALS, "projections": projections}


def _score(*inputs: dict[str, Any], name: str = "s") -> dict[str, Any]:
    return {**SCORE, "name": name, "inputs": [{"weight": 1, **source} for source in inputs]}


def test_partitions_scores_and_mappings_have_their_defaults() -> None:
    projections = accepted(_with(partitions=[PARTITION], scores=[SCORE], mappings=[MAPPING])).projections

    (source,) = projections.scores[0].inputs
    assert (source.match, source.miss, source.value_source) == (1.0, 0.0, None)
    assert projections.mappings[0].method == "threshold_bands"
    assert projections.mappings[0].calibration is None


@pytest.mark.parametrize(("kind", "usual"), [("keyword", "binary"), ("projection", "score"), ("kb_metric", "score")])
def test_the_usual_source_of_a_value_means_the_same_written_or_not(kind: str, usual: str) -> None:
    source = {"type": kind, "name": "s" if kind == "projection" else "urgent", "kb": "b", "metric": "best_score"}
    scores = [SCORE, _score({**source, "value_source": usual}, name="t")]

    written = accepted(_with(scores=scores))

    assert written == accepted(_with(scores=[SCORE, _score(source, name="t")]))


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"members": []}, ".members", "members cannot be empty"),
        ({"members": ["math", "lww", "law"]}, ".members[1]", "did you mean 'law'?"),
        ({"members": ["math", "urgent"], "default": "math"}, ".members[1]", "not a declared domain or embedding"),
        ({"members": ["math", "like"], "default": "math"}, ".members[1]", "must share one type"),
        ({"default": "x"}, ".default", "default 'x' must also appear in members"),
        ({"semantics": "softmax"}, ".semantics", "unsupported semantics 'softmax'"),
        ({"semantics": "softmax_exclusive"}, ".temperature", "temperature > 0"),
        ({"semantics": "softmax_exclusive", "temperature": 0}, ".temperature", "temperature > 0"),
        ({"temperature": -1}, ".temperature", "temperature > 0"),
        (
            {"semantics": "softmax_exclusive", "temperature": 0.1, "members": ["law", "own"]},
            ".members[1]",
            "mmlu_categories",
        ),
    ],
)
def test_a_partition_that_breaks_a_rule_has_one_fault(change: dict[str, Any], path: str, said: str) -> None:
    fault = the_fault_of(_with(partitions=[{**PARTITION, **change}]))

    assert fault.startswith(f"routing.projections.partitions[0]{path}: ")
    assert said in fault


@pytest.mark.parametrize(
    ("source", "path", "said"),
    [
        ({"type": "keyword", "name": "urgnt"}, "name", "did you mean 'urgent'?"),
        ({"type": "keyword"}, "name", "requires a name"),
        ({"type": "metadata", "name": "m"}, "type", "unsupported input type 'metadata'"),
        ({"type": "complexity", "name": "task:extreme"}, "name", "'task:extreme'"),
        ({"type": "keyword", "name": "urgent", "value_source": "score"}, "value_source", "binary or confidence or raw"),
        ({"type": "keyword", "name": "urgent", "value_source": "guess"}, "value_source", "'guess'"),
        ({"type": "projection", "name": "ghost"}, "name", "undefined score 'ghost'"),
        ({"type": "projection", "name": "s", "value_source": "raw"}, "value_source", "score or confidence"),
        ({"type": "projection", "name": "s", "value_source": "confidence"}, "name", "no output of a mapping"),
        ({"type": "kb_metric", "metric": "best_score"}, "kb", "requires kb"),
        ({"type": "kb_metric", "kb": "b"}, "metric", "requires metric"),
        ({"type": "kb_metric", "kb": "b", "metric": "m", "value_source": "raw"}, "value_source", "use score"),
        ({"type": "keyword", "name": "urgent", "weight": "1"}, "weight", "should be a number"),
    ],
)
def test_an_input_that_breaks_a_rule_has_one_fault(source: dict[str, Any], path: str, said: str) -> None:
    fault = the_fault_of(_with(scores=[SCORE, _score(source, name="t")]))

    assert fault.startswith(f"routing.projections.scores[1].inputs[0].{path}: ")
    assert said in fault


@pytest.mark.parametrize("name", ["task", "task:hard"])
def test_an_input_may_name_a_difficulty_or_the_whole_rule(name: str) -> None:
    accepted(_with(scores=[_score({"type": "complexity", "name": name})]))


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"method": "product"}, "method", "unsupported method 'product'"),
        ({"inputs": []}, "inputs", "inputs cannot be empty"),
    ],
)
def test_a_score_that_breaks_a_rule_has_one_fault(change: dict[str, Any], path: str, said: str) -> None:
    fault = the_fault_of(_with(scores=[{**SCORE, **change}]))

    assert fault.startswith(f"routing.projections.scores[0].{path}: ")
    assert said in fault


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"source": "ss"}, ".source", "not a declared projection score"),
        ({"method": "first"}, ".method", "unsupported method 'first'"),
        ({"outputs": []}, ".outputs", "outputs cannot be empty"),
        ({"method": "multi_emit", "outputs": [{"name": "a", "lt": 1}]}, ".outputs", "at least 2 outputs"),
        ({"outputs": [{"name": "a"}]}, ".outputs[0]", "at least one threshold bound"),
        ({"outputs": [{"name": "a", "gt": 0, "gte": 0}]}, ".outputs[0]", "both gt and gte"),
        ({"outputs": [{"name": "a", "lt": 0, "lte": 0}]}, ".outputs[0]", "both lt and lte"),
        ({"outputs": [{"name": "a", "gt": 0}, {"name": "a", "lt": 0}]}, ".outputs[1].name", "duplicate output name"),
        ({"calibration": {"method": "linear"}}, ".calibration.method", "unsupported calibration method"),
    ],
)
def test_a_mapping_that_breaks_a_rule_has_one_fault(change: dict[str, Any], path: str, said: str) -> None:
    fault = the_fault_of(_with(scores=[SCORE], mappings=[{**MAPPING, **change}]))

    assert fault.startswith(f"routing.projections.mappings[0]{path}: ")
    assert said in fault


def test_outputs_of_all_mappings_have_names_of_their_own() -> None:
    other = {**MAPPING, "name": "n", "outputs": [{"name": "high", "gt": 0}]}

    fault = the_fault_of(_with(scores=[SCORE], mappings=[MAPPING, other]))

    assert fault.startswith("routing.projections.mappings[1].outputs[0].name: is a duplicate output name 'high'")


def test_a_band_that_holds_no_score_is_warned_of() -> None:
    empty = {**MAPPING, "outputs": [{"name": "a", "gt": 1, "lt": 0}]}

    (warning,) = warnings_of(_with(scores=[SCORE], mappings=[empty]))

    assert warning.path == "routing.projections.mappings[0].outputs[0]"


def test_a_circle_of_scores_is_told_once_with_its_way() -> None:
    scores = [
        _score({"type": "projection", "name": "b"}, name="a"),
        _score({"type": "projection", "name": "high", "value_source": "confidence"}, name="b"),
        _score({"type": "projection", "name": "a"}, name="c"),
    ]
    mapping = {**MAPPING, "source": "a"}

    fault = the_fault_of(_with(scores=scores, mappings=[mapping]))

    assert fault.startswith("routing.projections.scores[0].inputs: dependency cycle detected: 'a' -> 'b' -> 'a'")


def test_a_score_may_be_made_of_others_in_any_order() -> None:
    scores = [_score({"type": "projection", "name": "s"}, {"type": "keyword", "name": "urgent"}, name="a"), SCORE]

    accepted(_with(scores=scores))


def test_a_chain_of_thousands_of_scores_is_followed_to_its_end() -> None:
    names = [f"s{number}" for number in range(3000)]
    chain = [
        _score({"type": "projection", "name": after}, name=name)
        for name, after in zip(names, names[1:] + names[:1], strict=True)
    ]

    (fault,) = faults_of(_with(scores=chain))

    assert "dependency cycle" in fault.message
    assert len(fault.message) < 1000
