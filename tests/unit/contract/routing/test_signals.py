"""The signal families: what each takes, what it takes for granted, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from contract.routing.signals import Signals
from tests.unit.contract.routing.judged import accepted, signals, the_fault_of, warnings_of

KEYWORD = {"name": "k", "operator": "OR", "keywords": ["asap"]}
EMBEDDING = {"name": "e", "threshold": 0.7, "candidates": ["x"]}
LLM = {"name": "risk", "type": "llm", "model": "judge", "labels": ["SAFE", "RISKY"], "instructions": "Choose."}
LOCAL = {"name": "safety", "type": "local", "model_path": "models/x", "labels": ["SAFE", "BAD"]}
BINDING = {"name": "b", "role": "admin", "subjects": [{"kind": "Group", "name": "g"}]}
METADATA = {"name": "m", "key": "k", "predicate": {"exists": True}}


def _one(family: str, rule: dict[str, Any]) -> Any:
    (model,) = getattr(accepted(signals(**{family: [rule]})).signals, family)
    return model


def _structure(kind: str, source: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "s", "feature": {"type": kind, "source": source}, **more}


REGEX = {"type": "regex", "pattern": "x"}


@pytest.mark.parametrize(
    ("family", "rule", "taken"),
    [
        (
            "keywords",
            KEYWORD,
            {
                "case_sensitive": False,
                "method": None,
                "fuzzy_match": False,
                "fuzzy_threshold": 2,
                "bm25_threshold": 0.1,
                "ngram_threshold": 0.4,
                "ngram_arity": 3,
            },
        ),
        ("embeddings", EMBEDDING, {"aggregation_method": "max", "query_modality": "text"}),
        ("domains", {"name": "d"}, {"description": "", "mmlu_categories": (), "model_scores": ()}),
        ("reasks", {"name": "r"}, {"threshold": 0.8, "lookback_turns": 1}),
        ("preferences", {"name": "p"}, {"examples": (), "threshold": None}),
        ("language", {"name": "en"}, {"threshold": None}),
        ("context", {"name": "c", "max_tokens": "32K"}, {"min_tokens": 0, "max_tokens": 32_000}),
        ("complexity", {"name": "c"}, {"threshold": 0.1, "composer": None}),
        ("jailbreak", {"name": "j", "threshold": 0.5}, {"method": "classifier", "include_history": False}),
        ("pii", {"name": "p", "threshold": 0.5}, {"pii_types_allowed": (), "include_history": False}),
        ("kb", {"name": "k", "kb": "b", "target": {"kind": "label", "value": "v"}}, {"match": "threshold"}),
        ("events", {"name": "e", "temporal": True}, {"event_types": (), "severities": (), "action_codes": ()}),
        ("classifiers", LLM, {"use_cpu": False, "model_path": None}),
    ],
)
def test_what_is_left_out_has_its_default(family: str, rule: dict[str, Any], taken: dict[str, Any]) -> None:
    model = _one(family, rule)

    assert {key: getattr(model, key) for key in taken} == taken


def test_the_fuzzy_method_is_warned_of_and_means_fuzzy_match() -> None:
    rule = {**KEYWORD, "method": "fuzzy"}

    (warning,) = warnings_of(signals(keywords=[rule]))

    assert (warning.path, warning.severity) == ("routing.signals.keywords[0].method", "warning")
    assert "fuzzy_match: true" in warning.remedy
    assert _one("keywords", rule) == _one("keywords", {**KEYWORD, "fuzzy_match": True})


@pytest.mark.parametrize(
    ("family", "written", "kept"),
    [
        ("keywords", {**KEYWORD, "method": "BM25"}, {"method": "bm25"}),
        ("keywords", {**KEYWORD, "method": ""}, {"method": None}),
        ("role_bindings", {**BINDING, "subjects": [{"kind": "group", "name": "g"}]}, {}),
        ("domains", {"name": "d", "mmlu_categories": [" math "]}, {"mmlu_categories": ("math",)}),
        ("context", {"name": "c", "min_tokens": 5, "max_tokens": "1.5m"}, {"min_tokens": 5, "max_tokens": 1_500_000}),
        ("embeddings", {**EMBEDDING, "aggregation_method": "", "query_modality": ""}, {"query_modality": "text"}),
    ],
)
def test_what_is_written_otherwise_is_kept_in_one_way(
    family: str, written: dict[str, Any], kept: dict[str, Any]
) -> None:
    model = _one(family, written)

    assert {key: getattr(model, key) for key in kept} == kept


@pytest.mark.parametrize(
    ("family", "rule", "path", "said"),
    [
        ("keywords", {**KEYWORD, "operator": "or"}, "operator", "did you mean 'OR'?"),
        ("keywords", {**KEYWORD, "operator": "XOR"}, "operator", "unsupported operator 'XOR'"),
        ("keywords", {**KEYWORD, "method": "levenshtein"}, "method", "unsupported method"),
        ("keywords", {**KEYWORD, "method": "regex", "keywords": ["a", "(b"]}, "keywords[1]", "regular expression"),
        ("embeddings", {**EMBEDDING, "query_modality": "audio"}, "query_modality", "not supported"),
        ("embeddings", {**EMBEDDING, "query_modality": "imag"}, "query_modality", "did you mean 'image'?"),
        ("embeddings", {**EMBEDDING, "aggregation_method": "avg"}, "aggregation_method", "'avg'"),
        ("domains", {"name": "d", "mmlu_categories": ["maths"]}, "mmlu_categories[0]", "did you mean 'math'?"),
        ("domains", {"name": "d", "mmlu_categories": ["computer_science"]}, "mmlu_categories[0]", "computer science"),
        ("language", {"name": "English"}, "name", "language 'English'"),
        ("language", {"name": "EN"}, "name", "lower-case ISO 639-1"),
        ("language", {"name": "en", "threshold": 1.5}, "threshold", "1.0 or less"),
        ("reasks", {"name": "r", "threshold": 2}, "threshold", "1.0 or less"),
        ("reasks", {"name": "r", "lookback_turns": 0}, "lookback_turns", "1 or more"),
        ("context", {"name": "c", "max_tokens": "32G"}, "max_tokens", "token count"),
        ("modality", {"name": "TEXT"}, "name", "unsupported modality 'TEXT'"),
        ("jailbreak", {"name": "j", "threshold": 0.5, "method": "guess"}, "method", "unsupported method 'guess'"),
        ("role_bindings", {**BINDING, "subjects": []}, "subjects", "at least one subject"),
        ("role_bindings", {**BINDING, "role": " "}, "role", "must not be empty"),
        ("role_bindings", {**BINDING, "subjects": [{"kind": "Robot", "name": "g"}]}, "subjects[0].kind", "'Robot'"),
        ("role_bindings", {**BINDING, "subjects": [{"kind": "User", "name": ""}]}, "subjects[0].name", "empty"),
        ("metadata", {**METADATA, "key": " k"}, "key", "surrounding whitespace"),
        ("metadata", {**METADATA, "name": "m "}, "name", "surrounding whitespace"),
        ("metadata", {**METADATA, "predicate": {}}, "predicate", "exactly one of"),
        ("metadata", {**METADATA, "predicate": {"in": []}}, "predicate", "exactly one of"),
        ("metadata", {**METADATA, "predicate": {"equals": "a", "exists": False}}, "predicate", "exactly one of"),
        ("kb", {"name": "k", "kb": "b", "target": {"kind": "thing", "value": "v"}}, "target.kind", "'thing'"),
        ("structure", _structure("average", REGEX), "feature.type", "unsupported feature.type 'average'"),
        ("structure", _structure("count", {"type": "xml"}), "feature.source.type", "'xml'"),
        ("structure", _structure("count", {"type": "regex"}), "feature.source.pattern", "requires pattern"),
        (
            "structure",
            _structure("count", {"type": "regex", "pattern": "(?=x)"}),
            "feature.source.pattern",
            "lookahead",
        ),
        ("structure", _structure("count", {"type": "keyword_set"}), "feature.source.keywords", "requires keywords"),
        ("structure", _structure("sequence", {"type": "sequence"}), "feature.source.sequences", "requires sequences"),
        (
            "structure",
            _structure("sequence", {"type": "sequence", "sequences": [["a"]]}),
            "feature.source.sequences[0]",
            "at least 2",
        ),
        ("structure", _structure("sequence", REGEX), "feature.source.type", "requires feature.source.type=sequence"),
        (
            "structure",
            _structure("count", {"type": "sequence", "sequences": [["a", "b"]]}),
            "feature.type",
            "requires feature.type=sequence",
        ),
        ("structure", _structure("density", {"type": "text_bytes"}), "feature.type", "requires feature.type=count"),
        ("structure", _structure("exists", REGEX, predicate={"gt": 1}), "predicate", "does not accept a predicate"),
        ("structure", _structure("count", REGEX, predicate={}), "predicate", "at least one bound"),
        ("conversation", _structure("mean", {"type": "message"}), "feature.type", "unsupported feature.type 'mean'"),
        ("conversation", _structure("count", {"type": "messages"}), "feature.source.type", "did you mean 'message'?"),
        (
            "conversation",
            _structure("count", {"type": "tool_definition", "role": "user"}),
            "feature.source.role",
            "source.role is only valid",
        ),
        (
            "conversation",
            _structure("count", {"type": "message", "role": "bot"}),
            "feature.source.role",
            "unsupported source.role 'bot'",
        ),
        (
            "conversation",
            _structure("exists", {"type": "message"}, predicate={"gt": 0}),
            "predicate",
            "does not accept a predicate",
        ),
        ("classifiers", {**LLM, "name": "a:b"}, "name", "cannot contain ':'"),
        ("classifiers", {**LLM, "labels": ["A", "B:C"]}, "labels[1]", "cannot contain ':'"),
        ("classifiers", {**LLM, "labels": ["A", " "]}, "labels[1]", "empty"),
        ("classifiers", {**LLM, "labels": ["A", "A"]}, "labels[1]", "duplicate label 'A'"),
        ("classifiers", {**LLM, "labels": []}, "labels", "cannot be empty"),
        ("classifiers", {**LLM, "type": "remote"}, "type", "unsupported type 'remote'"),
        ("classifiers", {**LLM, "model": ""}, "model", "require model"),
        ("classifiers", {**LLM, "instructions": " "}, "instructions", "require instructions"),
        ("classifiers", {**LLM, "model_path": "x"}, "model_path", "do not accept model_path"),
        ("classifiers", {**LLM, "use_cpu": True}, "use_cpu", "do not accept use_cpu"),
        ("classifiers", {**LOCAL, "model_path": ""}, "model_path", "require model_path"),
        ("classifiers", {**LOCAL, "instructions": "x"}, "instructions", "do not accept instructions"),
        ("classifiers", {**LOCAL, "labels": ["A", "B", "C"]}, "labels", "exactly two labels"),
        ("complexity", {"name": "c", "composer": {"type": "keyword", "name": "x"}}, "composer.name", "'x'"),
    ],
)
def test_a_rule_that_breaks_its_family_has_one_fault_at_the_place(
    family: str, rule: dict[str, Any], path: str, said: str
) -> None:
    fault = the_fault_of(signals(**{family: [rule]}))

    assert fault.startswith(f"routing.signals.{family}[0].{path}: ")
    assert said in fault


@pytest.mark.parametrize("family", [*Signals.model_fields])
def test_every_family_is_a_list_of_named_rules(family: str) -> None:
    assert the_fault_of(signals(**{family: {"name": "x"}})).startswith(f"routing.signals.{family}: should be a list")


@pytest.mark.parametrize(
    ("family", "rules"),
    [
        ("keywords", [KEYWORD, KEYWORD]),
        ("metadata", [METADATA, {**METADATA, "name": "M"}]),
        ("classifiers", [LLM, {**LLM, "name": "Risk"}]),
        ("role_bindings", [BINDING, {**BINDING, "role": "other"}]),
        ("fact_check", [{"name": "f"}, {"name": "f"}]),
    ],
)
def test_a_name_is_given_once_in_its_family(family: str, rules: list[dict[str, Any]]) -> None:
    fault = the_fault_of(signals(**{family: rules}))

    assert fault.startswith(f"routing.signals.{family}[1].name: is a duplicate name")


def test_a_name_may_be_given_in_two_families_and_in_two_cases() -> None:
    accepted(signals(keywords=[KEYWORD, {**KEYWORD, "name": "K"}], domains=[{"name": "k"}]))


def test_one_section_has_at_most_one_local_classifier() -> None:
    fault = the_fault_of(signals(classifiers=[LOCAL, LLM, {**LOCAL, "name": "other"}]))

    assert fault.startswith("routing.signals.classifiers[2]: only one local classifier")


@pytest.mark.parametrize(
    ("family", "rule", "path"),
    [
        ("keywords", {**KEYWORD, "keywords": []}, ".keywords"),
        ("keywords", {**KEYWORD, "fuzzy_threshold": 82}, ".fuzzy_threshold"),
        ("embeddings", {**EMBEDDING, "threshold": 75}, ".threshold"),
        ("embeddings", {**EMBEDDING, "candidates": []}, ".candidates"),
        ("context", {"name": "c", "min_tokens": "1K"}, ".max_tokens"),
        ("context", {"name": "c", "min_tokens": "2K", "max_tokens": "1K"}, ".min_tokens"),
        ("events", {"name": "e"}, ""),
        ("events", {"name": "e", "severities": ["criticl"]}, ".severities[0]"),
    ],
)
def test_what_will_never_do_what_it_seems_to_is_warned_of(family: str, rule: dict[str, Any], path: str) -> None:
    (warning,) = warnings_of(signals(**{family: [rule]}))

    assert warning.path == f"routing.signals.{family}[0]{path}"
    assert warning.remedy
