"""Label classifiers: what a model on disk needs, what an external one needs, and that one process runs one on disk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from contract.faults import FaultLog, item, shown, under
from contract.plain_values import entries, section, text

LOCAL_LABELS: Final = 2

_OF_LOCAL: Final = ("model_path", "use_cpu")
_OF_LLM: Final = ("model", "instructions")


def check_classifier(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    _check_labels(rule, under(path, "labels"), log)
    match text(rule, "type"):
        case "local":
            _check_fields(rule, path, "local", ("model_path",), _OF_LLM, log)
            labels = rule.get("labels")
            if isinstance(labels, list) and labels and len(labels) != LOCAL_LABELS:
                message = f"local classifiers require exactly two labels, not {len(labels)}"
                log.add(under(path, "labels"), "value", message, "name what the model's two outputs mean")
        case "llm":
            _check_fields(rule, path, "llm", _OF_LLM, _OF_LOCAL, log)


def _check_fields(
    rule: dict[str, Any], path: str, kind: str, needed: tuple[str, ...], foreign: tuple[str, ...], log: FaultLog
) -> None:
    for key in needed:
        value = rule.get(key, "")
        if isinstance(value, str) and not value.strip():
            log.add(under(path, key), "required", f"{kind} classifiers require {key}", "write it")
    for key in foreign:
        if rule.get(key):
            log.add(under(path, key), "conflict", f"{kind} classifiers do not accept {key}", "take it out")


def _check_labels(rule: dict[str, Any], path: str, log: FaultLog) -> None:
    labels = rule.get("labels")
    if not isinstance(labels, list):
        return
    if not labels:
        log.add(path, "required", "labels cannot be empty", "name what is told apart")
    seen = set()
    for index, label in enumerate(labels):
        if isinstance(label, str) and label in seen:
            log.add(item(path, index), "duplicate", f"is a duplicate label {shown(label)}", "take it out")
        if isinstance(label, str):
            seen.add(label)


def check_one_local(signals: dict[str, Any], path: str, log: FaultLog) -> None:
    """One routing section has at most one classifier on disk."""
    first: str | None = None
    for at, rule in entries(signals, "classifiers", under(path, "classifiers")):
        if text(rule, "type") != "local":
            continue
        if first is not None:
            message = f"only one local classifier is supported, and {first} is one"
            log.add(at, "conflict", message, "use type llm for the others")
        first = first or at


def check_locals_agree(sections: Iterable[tuple[str, dict[str, Any]]], log: FaultLog) -> None:
    """All routing sections, given with their paths, share the one classifier on disk, so they mean the same by it."""
    first: tuple[str, tuple[Any, ...]] | None = None
    for path, routing in sections:
        rules = entries(section(routing, "signals"), "classifiers", f"{path}.signals.classifiers")
        for at, rule in [(at, rule) for at, rule in rules if text(rule, "type") == "local"][:1]:
            same = (text(rule, "model_path"), rule.get("use_cpu", False), rule.get("labels"))
            first = first or (at, same)
            if first[1] != same:
                message = f"the one local classifier of a process is declared otherwise in {first[0]}"
                log.add(at, "conflict", message, "write the same model_path, labels and use_cpu")
