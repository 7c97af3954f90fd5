"""Rule trees: leaves that name a signal, and the AND, OR and NOT above them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from contract.faults import FaultLog, item, shown, under
from contract.fields import Items, Name, Part, says
from contract.plain_values import text
from contract.routing.declared_signals import FAMILY_OF_TYPE, DeclaredSignals, LeafType
from contract.routing.numeric_predicates import NumericPredicate, check_predicate
from contract.words import find_way_out, known_word

Operator = Literal["AND", "OR", "NOT"]
OnError = Literal["match", "no_match"]

DIFFICULTIES: Final = ("easy", "medium", "hard")
SUREST_GUESS: Final = 0.5

_OF_LEAVES: Final = ("type", "name", "label", "predicate", "on_error")


class RuleNode(Part):
    """A leaf (`type`, `name`) holds when its signal matches; a composite (`operator`, `conditions`) joins nodes.

    `label` and `on_error` are for classifier leaves, which need a `predicate`; other leaves may have one too.
    """

    type: Annotated[
        Annotated[LeafType, known_word(LeafType, "signal type", str.lower)] | None,
        says("of a leaf: the family of its signal"),
    ] = None
    name: Annotated[Name | None, says("of a leaf: the signal, as declared in its family")] = None
    label: Annotated[Name | None, says("of a classifier leaf: the label whose score counts")] = None
    predicate: NumericPredicate | None = None
    on_error: Annotated[
        Annotated[OnError, known_word(OnError, "on_error")] | None,
        says("of a classifier leaf: what holds when the classifier fails"),
    ] = None
    operator: Annotated[
        Annotated[Operator, known_word(Operator, "operator", str.upper)] | None,
        says("of a composite: all of the conditions, any of them, or not the one"),
    ] = None
    conditions: Annotated[Items[RuleNode], says("of a composite: the nodes below it; of NOT exactly one")] = ()


def check_rule_node(node: dict[str, Any], path: str, declared: DeclaredSignals, log: FaultLog) -> None:
    """What a tree of rules must keep to, from its root on; what has the wrong type or word has its own fault.

    A root without conditions is allowed: nothing at all and an AND of nothing always hold, an OR of nothing never does.
    """
    if set(node) - {"conditions", "operator"} or node.get("conditions", []) != [] or _operator(node) == "NOT":
        _check_node(node, path, declared, log)
    elif _operator(node) == "OR":
        log.warn(under(path, "conditions"), "required", "an OR of nothing never holds", "add conditions, or write AND")


def _check_node(node: dict[str, Any], path: str, declared: DeclaredSignals, log: FaultLog) -> None:
    of_leaf = [key for key in _OF_LEAVES if key in node]
    if not of_leaf:
        _check_composite(node, path, log)
    elif "operator" in node or node.get("conditions"):
        message = f"a condition is either a leaf or a composite, not both: it has {', '.join(node)}"
        log.add(path, "conflict", message, "nest the leaf in conditions, or take operator and conditions out")
    else:
        _check_leaf(node, path, declared, log)
    conditions = node.get("conditions")
    for index, condition in enumerate(conditions if isinstance(conditions, list) else ()):
        if isinstance(condition, dict):
            _check_node(condition, item(under(path, "conditions"), index), declared, log)


def _check_composite(node: dict[str, Any], path: str, log: FaultLog) -> None:
    conditions, operator = node.get("conditions", []), _operator(node)
    if "operator" not in node:
        log.add(
            under(path, "operator"),
            "required",
            "a condition needs a type and a name, or an operator",
            "write AND or OR",
        )
    if conditions == []:
        message = f"{operator or 'a composite'} requires non-empty conditions"
        log.add(under(path, "conditions"), "required", message, "add a condition, or take the node out")
    elif operator == "NOT" and isinstance(conditions, list) and len(conditions) != 1:
        message = f"NOT must have exactly one condition, not {len(conditions)}"
        log.add(under(path, "conditions"), "value", message, "nest them in an OR or an AND below the NOT")


def _operator(node: dict[str, Any]) -> str:
    return text(node, "operator").strip().upper()


def _check_leaf(leaf: dict[str, Any], path: str, declared: DeclaredSignals, log: FaultLog) -> None:
    leaf_type, name = text(leaf, "type").strip().lower(), text(leaf, "name")
    for key in ("type", "name"):
        if key not in leaf:
            log.add(under(path, key), "required", "a leaf requires both type and name", "write it")
    if isinstance(leaf.get("predicate"), dict):
        check_predicate(leaf["predicate"], under(path, "predicate"), log)
    if leaf_type == "classifier":
        _check_classifier_leaf(leaf, path, declared, log)
    elif "type" in leaf:
        for key in ("label", "on_error"):
            if key in leaf:
                message = f"{key} is only supported on classifier conditions, not on {shown(leaf_type)}"
                log.add(under(path, key), "conflict", message, "take it out")
    if name and (leaf_type in FAMILY_OF_TYPE or leaf_type == "projection"):
        _check_name(leaf_type, name, under(path, "name"), declared, log)


def _check_name(leaf_type: str, name: str, path: str, declared: DeclaredSignals, log: FaultLog) -> None:
    if leaf_type == "complexity":
        name, colon, difficulty = name.rpartition(":")
        if not colon or not name or difficulty not in DIFFICULTIES:
            written = f"{name}{colon}{difficulty}"
            message = f"complexity {shown(written)} names no difficulty"
            log.add(path, "value", message, f"write <rule>:{'|'.join(DIFFICULTIES)}")
            return
    if declared.has(leaf_type, name) or declared.takes_any(leaf_type):
        if leaf_type == "authz" and name not in declared.roles:
            message = f"{shown(name)} is a role binding, and what it gives out is its role: this never holds"
            log.warn(path, "reference", message, "name the role")
        return
    place = f"routing.signals.{FAMILY_OF_TYPE[leaf_type]}" if leaf_type in FAMILY_OF_TYPE else "routing.projections"
    remedy = find_way_out(name, declared.of(leaf_type), f"declare it in {place}")
    log.add(path, "reference", f"references unknown {leaf_type} signal {shown(name)}: not declared in {place}", remedy)


def _check_classifier_leaf(leaf: dict[str, Any], path: str, declared: DeclaredSignals, log: FaultLog) -> None:
    rule = declared.classifiers.get(text(leaf, "name"))
    for key in ("label", "predicate"):
        if key not in leaf:
            log.add(under(path, key), "required", "classifier conditions require label and predicate", "write it")
    if rule is None:
        return
    label, predicate = text(leaf, "label"), leaf.get("predicate")
    if label and label not in rule.labels:
        message = f"label {shown(label)} is not declared by classifier {shown(text(leaf, 'name'))}"
        log.add(under(path, "label"), "reference", message, find_way_out(label, rule.labels))
    if rule.is_local and isinstance(predicate, dict) and not _is_sure(predicate):
        message = f"a local classifier condition supports only predicate.gte of {SUREST_GUESS} or more"
        log.add(under(path, "predicate"), "value", message, f"write predicate: {{gte: {SUREST_GUESS}}}")


def _is_sure(predicate: dict[str, Any]) -> bool:
    """Of two labels only the likelier one has a score that means something."""
    least = predicate.get("gte")
    return set(predicate) == {"gte"} and (not isinstance(least, int | float) or least >= SUREST_GUESS)
