"""Measures of a request's structure and of its conversation: what a source needs, and which feature it can serve."""

from __future__ import annotations

from typing import Any

from contract.faults import FaultLog, item, under
from contract.plain_values import section, text
from contract.routing.numeric_predicates import check_predicate


def check_structure(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    feature, at = section(rule, "feature"), under(path, "feature")
    source, source_at = section(feature, "source"), under(at, "source")
    kind, measured = _word(feature), _word(source)
    if measured == "regex":
        _check_pattern(source, source_at, log)
    elif measured == "keyword_set" and not source.get("keywords"):
        log.add(under(source_at, "keywords"), "required", "a keyword_set source requires keywords", "list them")
    elif measured == "sequence":
        _check_sequences(source, source_at, log)
    if kind == "sequence" and measured not in ("", "sequence"):
        message = f"feature.type=sequence requires feature.source.type=sequence, not {measured}"
        log.add(under(source_at, "type"), "conflict", message, "use type sequence for both, or for neither")
    elif measured == "sequence" and kind not in ("", "sequence"):
        message = f"feature.source.type=sequence requires feature.type=sequence, not {kind}"
        log.add(under(at, "type"), "conflict", message, "use type sequence for both, or for neither")
    elif measured == "text_bytes" and kind not in ("", "count"):
        message = f"feature.source.type=text_bytes requires feature.type=count, not {kind}"
        log.add(under(at, "type"), "conflict", message, "write type: count")
    _check_measure(rule, kind, path, log)


def check_conversation(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    feature = section(rule, "feature")
    source, counted = section(feature, "source"), text(section(feature, "source"), "type")
    if "role" in source and counted not in ("", "message"):
        message = f"source.role is only valid for messages, not for {counted}"
        log.add(f"{path}.feature.source.role", "conflict", message, "take it out, or write type: message")
    _check_measure(rule, text(feature, "type"), path, log)


def _word(holder: dict[str, Any]) -> str:
    return text(holder, "type").strip().lower()


def _check_measure(rule: dict[str, Any], kind: str, path: str, log: FaultLog) -> None:
    predicate, at = rule.get("predicate"), under(path, "predicate")
    if not isinstance(predicate, dict):
        return
    if kind == "exists":
        log.add(at, "conflict", "feature.type=exists does not accept a predicate", "take it out, or write type: count")
    check_predicate(predicate, at, log)


def _check_pattern(source: dict[str, Any], path: str, log: FaultLog) -> None:
    pattern = source.get("pattern", "")
    if isinstance(pattern, str) and not pattern.strip():
        log.add(under(path, "pattern"), "required", "a regex source requires pattern", "write what is looked for")


def _check_sequences(source: dict[str, Any], path: str, log: FaultLog) -> None:
    sequences, at = source.get("sequences", []), under(path, "sequences")
    if sequences == []:
        log.add(at, "required", "a sequence source requires sequences", "list markers in order")
    for index, sequence in enumerate(sequences if isinstance(sequences, list) else ()):
        if isinstance(sequence, list) and len(sequence) < 2:
            log.add(item(at, index), "required", "a sequence must contain at least 2 markers", "add one")
