"""What projections must keep to: members and inputs that are declared, bands that can be told apart, names given once.

Works on the fitted mapping, beside the faults of types and words.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

from contract.faults import FaultLog, item, shown, under
from contract.plain_values import entries, section, text
from contract.routing.declared_signals import DeclaredSignals, Names
from contract.routing.mmlu import CATEGORIES
from contract.routing.numeric_predicates import BOUNDS, holds_something
from contract.routing.projection_inputs import check_inputs, check_order
from contract.unique_names import check_unique
from contract.words import find_way_out

Domains = dict[str, dict[str, Any]]

_OF_PARTITIONS: Final = ("domain", "embedding")
FEWEST_EMITTED: Final = 2


def check_projections(routing: dict[str, Any], path: str, declared: DeclaredSignals, log: FaultLog) -> None:
    """The rules of routing.projections; `path` is that of the routing section, of the document or of a recipe."""
    projections, at = section(routing, "projections"), under(path, "projections")
    partitions = list(entries(projections, "partitions", under(at, "partitions")))
    scores = list(entries(projections, "scores", under(at, "scores")))
    mappings = list(entries(projections, "mappings", under(at, "mappings")))
    check_unique(partitions, "partition name", log)
    check_unique(scores, "score name", log)
    names = dict.fromkeys(text(score, "name") for _, score in scores)
    check_unique(mappings, "mapping name", log)
    check_unique(
        [output for place, mapping in mappings for output in entries(mapping, "outputs", under(place, "outputs"))],
        "output name",
        log,
    )
    domains = {text(domain, "name"): domain for _, domain in entries(section(routing, "signals"), "domains", "")}
    for place, partition in partitions:
        _check_partition(partition, place, domains, declared, log)
    sources = {
        text(output, "name"): text(mapping, "source")
        for _, mapping in mappings
        for _, output in entries(mapping, "outputs", "")
    }
    for place, score in scores:
        check_inputs(score, place, declared, names, sources, log)
    check_order(scores, sources, log)
    for place, mapping in mappings:
        _check_mapping(mapping, place, names, log)


def _check_partition(
    partition: dict[str, Any], path: str, domains: Domains, declared: DeclaredSignals, log: FaultLog
) -> None:
    members, default = partition.get("members"), text(partition, "default")
    temperature = partition.get("temperature")
    needed = text(partition, "semantics") == "softmax_exclusive"
    if (temperature is None and needed) or (isinstance(temperature, int | float) and temperature <= 0):
        message = f"{text(partition, 'semantics') or 'a partition'} requires temperature > 0"
        log.add(under(path, "temperature"), "required" if temperature is None else "range", message, "such as 0.1")
    if not isinstance(members, list):
        return
    if not members:
        log.add(under(path, "members"), "required", "members cannot be empty", "name what it chooses among")
    elif default and default not in members:
        known = [member for member in members if isinstance(member, str)]
        message = f"default {shown(default)} must also appear in members"
        log.add(under(path, "default"), "reference", message, find_way_out(default, known))
    _check_members(members, under(path, "members"), declared, log)
    if needed:
        _check_categories(members, under(path, "members"), domains, log)


def _check_members(members: list[Any], path: str, declared: DeclaredSignals, log: FaultLog) -> None:
    kinds: dict[str, str] = {}
    for index, member in enumerate(members):
        if not isinstance(member, str):
            continue
        kind = next((kind for kind in reversed(_OF_PARTITIONS) if declared.has(kind, member)), None)
        if kind is None and declared.takes_any("domain"):
            continue
        if kind is None:
            message = f"member {shown(member)} is not a declared domain or embedding signal"
            known = chain.from_iterable(declared.of(kind) for kind in _OF_PARTITIONS)
            log.add(item(path, index), "reference", message, find_way_out(member, known))
            continue
        kinds.setdefault(kind, item(path, index))
        if len(kinds) > 1 and kinds.get(kind) == item(path, index):
            message = f"members must share one type: {shown(member)} is of type {kind}, unlike those before it"
            log.add(item(path, index), "conflict", message, "make a partition for each type")


def _check_categories(members: list[Any], path: str, domains: Domains, log: FaultLog) -> None:
    """Scores are made comparable over the classifier's categories, so each domain must be one or name some."""
    if not members or not all(isinstance(member, str) and member in domains for member in members):
        return
    for index, member in enumerate(members):
        if member not in CATEGORIES and not domains[member].get("mmlu_categories"):
            message = f"domain member {shown(member)} is no category of the domain classifier and names none"
            log.add(item(path, index), "reference", message, "give the domain mmlu_categories")


def _check_mapping(mapping: dict[str, Any], path: str, scores: Names, log: FaultLog) -> None:
    source, outputs = text(mapping, "source"), mapping.get("outputs")
    if source and source not in scores:
        message = f"source {shown(source)} is not a declared projection score"
        log.add(under(path, "source"), "reference", message, find_way_out(source, scores, "declare it in scores"))
    if not isinstance(outputs, list):
        return
    if not outputs:
        log.add(under(path, "outputs"), "required", "outputs cannot be empty", "add a band, or take the mapping out")
    elif text(mapping, "method") == "multi_emit" and len(outputs) < FEWEST_EMITTED:
        message = f"multi_emit requires at least {FEWEST_EMITTED} outputs"
        log.add(under(path, "outputs"), "value", message, "use threshold_bands for a single band")
    for at, output in entries(mapping, "outputs", under(path, "outputs")):
        _check_bounds(output, at, log)


def _check_bounds(output: dict[str, Any], path: str, log: FaultLog) -> None:
    if not any(bound in output for bound in BOUNDS):
        log.add(path, "required", "at least one threshold bound is required", f"give one of {', '.join(BOUNDS)}")
    for strict, loose in (("gt", "gte"), ("lt", "lte")):
        if strict in output and loose in output:
            log.add(path, "conflict", f"an output cannot set both {strict} and {loose}", "keep one of them")
    if not holds_something(output):
        log.warn(path, "range", "no score lies within these bounds", "keep the lower bound below the upper one")
