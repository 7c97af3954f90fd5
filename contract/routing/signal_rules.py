"""What rules of the signal families must keep to, beyond types: names that are given once, fields that go together.

Works on the fitted mapping; what has the wrong type or word is passed over, for it has its own fault. What can be read
but will never do anything is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from contract.faults import FaultLog, item, shown, under
from contract.plain_values import entries, section, text
from contract.routing.classifier_rules import check_classifier, check_one_local
from contract.routing.declared_signals import FAMILY_OF_TYPE, DeclaredSignals
from contract.routing.feature_rules import check_conversation, check_structure
from contract.routing.rule_nodes import check_rule_node
from contract.routing.text_signals import is_fuzzy
from contract.routing.token_counts import TokenCountError, parse_token_count
from contract.unique_names import check_unique
from contract.words import way_out

Check = Callable[[dict[str, Any], str, FaultLog], None]

MOST_EDITS: Final = 10
SEVERITIES: Final = ("critical", "high", "medium", "low")
_CASELESS: Final = frozenset({"metadata", "classifiers"})
_SCORED: Final = frozenset({"embeddings", "jailbreak", "pii", "preferences"})


def check_signals(routing: dict[str, Any], path: str, declared: DeclaredSignals, log: FaultLog) -> None:
    """The rules of routing.signals; `path` is that of the routing section, of the document or of a recipe."""
    signals, at = section(routing, "signals"), under(path, "signals")
    for family in FAMILY_OF_TYPE.values():
        rules = list(entries(signals, family, under(at, family)))
        check_unique(rules, "name", log, str.lower if family in _CASELESS else str)
        check = CHECKS.get(family)
        for rule_at, rule in rules:
            if check:
                check(rule, rule_at, log)
            if family in _SCORED:
                _check_threshold(rule, rule_at, log)
    for rule_at, rule in entries(signals, "complexity", under(at, "complexity")):
        if isinstance(rule.get("composer"), dict):
            check_rule_node(rule["composer"], under(rule_at, "composer"), declared, log)
    check_one_local(signals, at, log)


def _check_keywords(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    keywords, method = rule.get("keywords"), text(rule, "method").strip().lower()
    if keywords == []:
        log.warn(under(path, "keywords"), "required", "has no keywords to find", "add some, or take the rule out")
    if is_fuzzy(method):
        message = "method 'fuzzy' is read as fuzzy_match: true"
        log.warn(under(path, "method"), "deprecated", message, "write fuzzy_match: true and take method out")
    edits = rule.get("fuzzy_threshold")
    if isinstance(edits, int) and edits > MOST_EDITS:
        message = f"fuzzy_threshold is a number of edits: with {edits} almost any word is like any other"
        log.warn(under(path, "fuzzy_threshold"), "range", message, "write 1, 2 or 3")


def _check_embedding(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    if text(rule, "query_modality").strip().lower() == "audio":
        message = "query_modality 'audio' is not supported yet"
        log.add(under(path, "query_modality"), "value", message, "use text or image, or take the rule out")
    if rule.get("candidates") == []:
        log.warn(under(path, "candidates"), "required", "has no candidates to be like", "add some")


def _check_threshold(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    threshold = rule.get("threshold")
    if isinstance(threshold, int | float) and threshold > 1:
        message = f"no score reaches a threshold of {threshold}"
        log.warn(under(path, "threshold"), "range", message, "write a number from 0 to 1")


def _check_context(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    least, most = _tokens(rule.get("min_tokens", 0)), _tokens(rule.get("max_tokens", 0))
    if not most and most is not None:
        log.warn(under(path, "max_tokens"), "required", "without max_tokens the rule never matches", "add it")
    elif least is not None and most is not None and least > most:
        message = f"no request has {least} tokens or more and {most} or less"
        log.warn(under(path, "min_tokens"), "range", message, "keep min_tokens below max_tokens")


def _tokens(written: Any) -> int | None:
    try:
        return parse_token_count(written) if isinstance(written, str) else int(written)
    except (TokenCountError, TypeError, ValueError, OverflowError):
        return None


def _check_binding(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    if rule.get("subjects") == []:
        message = "a role binding requires at least one subject"
        log.add(under(path, "subjects"), "required", message, "add a user or a group, or take the binding out")


def _check_metadata(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    predicate = rule.get("predicate")
    if not isinstance(predicate, dict):
        return
    given = [key for key in ("equals", "in", "exists") if key in predicate and predicate[key] != []]
    if len(given) != 1:
        message = f"predicate must set exactly one of equals, in or exists, not {' and '.join(given) or 'none'}"
        log.add(under(path, "predicate"), "conflict" if given else "required", message, "keep one of them")


def _check_event(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    if not any(rule.get(key) for key in ("event_types", "severities", "action_codes", "temporal")):
        log.warn(path, "required", "an event rule without criteria never matches", "add event_types or others")
    severities = rule.get("severities")
    for index, severity in enumerate(severities if isinstance(severities, list) else ()):
        if isinstance(severity, str) and severity.strip().lower() not in SEVERITIES:
            message = f"severity {shown(severity)} is not looked for"
            log.warn(item(under(path, "severities"), index), "value", message, way_out(severity, SEVERITIES))


CHECKS: Final[Mapping[str, Check]] = {
    "keywords": _check_keywords,
    "embeddings": _check_embedding,
    "context": _check_context,
    "structure": check_structure,
    "role_bindings": _check_binding,
    "conversation": check_conversation,
    "events": _check_event,
    "metadata": _check_metadata,
    "classifiers": check_classifier,
}
"""Families that have rules of their own; complexity is looked at apart, for it names other signals."""
