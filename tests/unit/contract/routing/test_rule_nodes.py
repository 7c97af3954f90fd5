"""Rule trees: their shape, and that their leaves name what is declared."""

from __future__ import annotations

from typing import Any

import pytest

from contract.faults import ContractError, Fault, FaultLog
from contract.routing import RuleNode, check_rule_node, declared_signals
from contract.structure import Fitting, Retired, build

ROUTING: dict[str, Any] = {
    "signals": {
        "keywords": [{"name": "urgent"}, {"name": "code"}],
        "domains": [{"name": "math"}],
        "complexity": [{"name": "task"}, {"name": "a:b"}],
        "role_bindings": [{"name": "admin-binding", "role": "admin"}],
        "classifiers": [
            {"name": "risk", "type": "llm", "labels": ["SAFE", "RISKY"]},
            {"name": "safety", "type": "local", "labels": ["SAFE", "RISKY"]},
        ],
    },
    "projections": {"mappings": [{"name": "band", "outputs": [{"name": "low"}]}]},
}
URGENT = {"type": "keyword", "name": "urgent"}


def _judged(node: dict[str, Any], routing: dict[str, Any] = ROUTING) -> FaultLog:
    log = FaultLog()
    fitted = Fitting(Retired(), log).fit(node, RuleNode)
    check_rule_node(fitted, "", declared_signals(routing), log)
    build(fitted, RuleNode, log)
    return log


def _faults(node: dict[str, Any], routing: dict[str, Any] = ROUTING) -> tuple[Fault, ...]:
    try:
        _judged(node, routing).raise_if_any()
    except ContractError as refusal:
        return refusal.faults
    return ()


def _of(leaf: dict[str, Any]) -> dict[str, Any]:
    return {"operator": "AND", "conditions": [leaf]}


@pytest.mark.parametrize(
    "node",
    [
        {},
        {"operator": "AND"},
        {"operator": "AND", "conditions": []},
        {"conditions": []},
        URGENT,
        {"operator": "NOT", "conditions": [URGENT]},
        {"operator": "or", "conditions": [URGENT, {"operator": "NOT", "conditions": [URGENT]}]},
        {"type": " Keyword ", "name": "urgent"},
        {"type": "complexity", "name": "task:hard"},
        {"type": "complexity", "name": "a:b:easy"},
        {"type": "authz", "name": "admin"},
        {"type": "authz", "name": "admin-binding"},
        {"type": "projection", "name": "low"},
        {"type": "keyword", "name": "urgent", "predicate": {"gte": 0.3}},
        {"type": "classifier", "name": "risk", "label": "RISKY", "predicate": {"gt": 0.2}, "on_error": "match"},
        {"type": "classifier", "name": "safety", "label": "SAFE", "predicate": {"gte": 0.5}},
    ],
)
def test_a_tree_that_keeps_the_rules_is_accepted(node: dict[str, Any]) -> None:
    assert _faults(node) == ()


@pytest.mark.parametrize(
    ("leaf", "path", "said"),
    [
        ({"type": "keyword", "name": "urgnt"}, ".name", "did you mean 'urgent'?"),
        ({"type": "keyword", "name": "ghost"}, ".name", "'ghost'"),
        ({"type": "domain", "name": "law"}, ".name", "'law'"),
        ({"type": "reask", "name": "again"}, ".name", "declare it in routing.signals.reasks"),
        ({"type": "projection", "name": "band"}, ".name", "routing.projections"),
        ({"type": "telepathy", "name": "urgent"}, ".type", "unsupported signal type 'telepathy'"),
        ({"type": "keywords", "name": "urgent"}, ".type", "did you mean 'keyword'?"),
        ({"type": "complexity", "name": "task"}, ".name", "easy|medium|hard"),
        ({"type": "complexity", "name": "task:extreme"}, ".name", "easy|medium|hard"),
        ({"type": "complexity", "name": "ghost:hard"}, ".name", "'ghost'"),
        ({"type": "keyword"}, ".name", "both type and name"),
        ({"name": "urgent"}, ".type", "both type and name"),
        ({**URGENT, "label": "X"}, ".label", "only supported on classifier conditions"),
        ({**URGENT, "on_error": "match"}, ".on_error", "only supported on classifier conditions"),
        ({**URGENT, "predicate": {"gt": 1, "gte": 1}}, ".predicate", "both gt and gte"),
        ({**URGENT, "operator": "AND"}, "", "either a leaf or a composite"),
        ({"operator": "NOT", "conditions": [URGENT, URGENT]}, ".conditions", "exactly one"),
        ({"operator": "NOT", "conditions": []}, ".conditions", "non-empty"),
        ({"operator": "AND"}, ".conditions", "non-empty"),
        ({"operator": "OR", "conditions": []}, ".conditions", "non-empty"),
        ({"conditions": [URGENT]}, ".operator", "or an operator"),
        ({"operator": "XOR", "conditions": [URGENT]}, ".operator", "unsupported operator 'XOR'"),
        ({**URGENT, "extra": 1}, ".extra", "not a field"),
    ],
)
def test_a_tree_that_breaks_a_rule_has_one_fault_at_the_place(leaf: dict[str, Any], path: str, said: str) -> None:
    (fault,) = _faults(_of(leaf))

    assert fault.path == f"conditions[0]{path}"
    assert said in str(fault)


CLASSIFIER = {"type": "classifier", "name": "safety", "label": "SAFE", "predicate": {"gte": 0.7}}


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"label": None}, "label", "require label and predicate"),
        ({"predicate": None}, "predicate", "require label and predicate"),
        ({"label": "SAFFE"}, "label", "did you mean 'SAFE'?"),
        ({"predicate": {"gte": 0.4}}, "predicate", "0.5"),
        ({"predicate": {"gt": 0.6}}, "predicate", "gte"),
        ({"predicate": {"gte": 0.6, "lt": 0.9}}, "predicate", "gte"),
        ({"on_error": "fail"}, "on_error", "unsupported on_error 'fail'"),
        ({"name": "ghost"}, "name", "'ghost'"),
    ],
)
def test_a_classifier_leaf_needs_its_label_and_a_fitting_predicate(
    change: dict[str, Any], path: str, said: str
) -> None:
    (fault,) = _faults({key: value for key, value in {**CLASSIFIER, **change}.items() if value is not None})

    assert fault.path == path
    assert said in str(fault)


def test_every_fault_of_a_deep_tree_is_found() -> None:
    deep = {"operator": "OR", "conditions": [{"type": "keyword", "name": "x"}, {"operator": "NOT", "conditions": [{}]}]}

    paths = [fault.path for fault in _faults({"operator": "AND", "conditions": [deep]})]

    assert paths == [
        "conditions[0].conditions[0].name",
        "conditions[0].conditions[1].conditions[0].conditions",
        "conditions[0].conditions[1].conditions[0].operator",
    ]


def test_any_domain_is_known_when_domains_are_generated() -> None:
    assert _faults({"type": "domain", "name": "law"}, {"signals": {}}) == ()


def test_an_or_of_nothing_at_the_root_is_warned_of() -> None:
    log = _judged({"operator": "OR", "conditions": []})

    log.raise_if_any()
    assert [warning.path for warning in log.warnings()] == ["conditions"]


def test_a_leaf_that_names_a_binding_instead_of_its_role_is_warned_of() -> None:
    log = _judged({"type": "authz", "name": "admin-binding"})

    log.raise_if_any()
    assert [(warning.path, warning.remedy) for warning in log.warnings()] == [("name", "name the role")]


def test_words_are_kept_as_the_contract_writes_them() -> None:
    node = build({"operator": "and", "conditions": ({"type": "Keyword", "name": "urgent"},)}, RuleNode, FaultLog())

    assert node is not None
    assert (node.operator, node.conditions[0].type) == ("AND", "keyword")
