"""The inputs of projection scores: what each must name, and that scores do not wait for each other in a circle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract.faults import FaultLog, shown, under
from contract.plain_values import entries, text
from contract.routing.declared_signals import FAMILY_OF_TYPE, DeclaredSignals, Names
from contract.routing.projections import value_source_of
from contract.routing.rule_nodes import DIFFICULTIES
from contract.words import find_way_out

Entries = list[tuple[str, dict[str, Any]]]

_SIGNAL_SOURCES = ("binary", "confidence", "raw")
_PROJECTION_SOURCES = ("score", "confidence")
_METRIC_SOURCES = ("score",)


def check_inputs(
    score: dict[str, Any],
    path: str,
    declared: DeclaredSignals,
    scores: Names,
    sources: Mapping[str, str],
    log: FaultLog,
) -> None:
    """`scores` are the names of all scores, `sources` the score that each mapping's output is made from."""
    if score.get("inputs") == []:
        log.add(under(path, "inputs"), "required", "inputs cannot be empty", "add some, or take the score out")
    for at, source in entries(score, "inputs", under(path, "inputs")):
        kind, name = _word(source, "type"), text(source, "name")
        if kind == "kb_metric":
            _check_metric(source, at, log)
        elif kind == "projection":
            _check_projection(source, at, scores, sources, log)
        elif kind in FAMILY_OF_TYPE:
            _check_value_source(source, at, _SIGNAL_SOURCES, log)
            if not name:
                _require_name(source, at, kind, log)
            elif not _is_declared(kind, name, declared):
                message = f"input {kind} {shown(name)} is not declared in routing.signals.{FAMILY_OF_TYPE[kind]}"
                log.add(under(at, "name"), "reference", message, find_way_out(name, declared.of(kind)))


def _word(source: dict[str, Any], key: str) -> str:
    return text(source, key).strip().lower()


def _is_declared(kind: str, name: str, declared: DeclaredSignals) -> bool:
    if declared.takes_any(kind) or declared.has(kind, name):
        return True
    rule, _, difficulty = name.rpartition(":")
    return kind == "complexity" and difficulty in DIFFICULTIES and declared.has(kind, rule)


def _require_name(source: dict[str, Any], path: str, kind: str, log: FaultLog) -> None:
    if source.get("name", "") == "":
        log.add(under(path, "name"), "required", f"an input of type {kind} requires a name", "name what it adds")


def _check_value_source(source: dict[str, Any], path: str, known: tuple[str, ...], log: FaultLog) -> None:
    kind, value_source = _word(source, "type"), _word(source, "value_source")
    if value_source in ("binary", "confidence", "raw", "score") and value_source not in known:
        message = f"unsupported value_source {value_source!r} for an input of type {kind}"
        log.add(under(path, "value_source"), "conflict", message, f"use {' or '.join(known)}")


def _check_metric(source: dict[str, Any], path: str, log: FaultLog) -> None:
    for key in ("kb", "metric"):
        if source.get(key, "") == "":
            log.add(under(path, key), "required", f"an input of type kb_metric requires {key}", "write it")
    _check_value_source(source, path, _METRIC_SOURCES, log)


def _check_projection(
    source: dict[str, Any], path: str, scores: Names, sources: Mapping[str, str], log: FaultLog
) -> None:
    name = text(source, "name")
    _check_value_source(source, path, _PROJECTION_SOURCES, log)
    if not name:
        _require_name(source, path, "projection", log)
    elif _word(source, "value_source") == "confidence":
        if name not in sources:
            message = f"projection input {shown(name)} with value_source confidence is no output of a mapping"
            log.add(under(path, "name"), "reference", message, find_way_out(name, sources))
    elif name not in scores:
        message = f"projection input references undefined score {shown(name)}"
        log.add(under(path, "name"), "reference", message, find_way_out(name, scores))


def check_order(scores: Entries, sources: Mapping[str, str], log: FaultLog) -> None:
    """That no score waits, over whatever others, for itself; each circle is told once."""
    waits_for: dict[str, list[str]] = {}
    for _, score in scores:
        waits_for.setdefault(text(score, "name"), _awaited(score, sources))
    places = {text(score, "name"): at for at, score in reversed(scores)}
    done: set[str] = set()
    for name in waits_for:
        circle = _circle_from(name, waits_for, done)
        if circle:
            message = f"dependency cycle detected: {' -> '.join(shown(each) for each in [*circle, circle[0]][:20])}"
            log.add(under(places[circle[0]], "inputs"), "conflict", message, "take one of these inputs out")


def _awaited(score: dict[str, Any], sources: Mapping[str, str]) -> list[str]:
    awaited = []
    for _, source in entries(score, "inputs", ""):
        if _word(source, "type") != "projection":
            continue
        by_confidence = (_word(source, "value_source") or value_source_of("projection")) == "confidence"
        awaited.append(sources.get(text(source, "name"), "") if by_confidence else text(source, "name"))
    return awaited


def _circle_from(start: str, waits_for: Mapping[str, list[str]], done: set[str]) -> list[str]:
    """The first circle that is met on the way from `start`, found without recursion; `done` is not walked again."""
    way: list[str] = []
    on_way: dict[str, int] = {}
    waiting = [(start, False)]
    while waiting:
        name, leaves = waiting.pop()
        if leaves:
            way.pop()
            del on_way[name]
            done.add(name)
        elif name in on_way:
            done.update(way)
            return way[on_way[name] :]
        elif name not in done and name in waits_for:
            on_way[name] = len(way)
            way.append(name)
            waiting.append((name, True))
            waiting.extend((awaited, False) for awaited in waits_for[name])
    return []
