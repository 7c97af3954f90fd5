"""What must hold between the parts of a routing section's decisions, and between them and the document's models."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import FaultLog, shown, under
from contract.plain_values import entries, section, text
from contract.routing.algorithm_rules import Candidates, check_algorithm
from contract.routing.catalogue import Catalogue
from contract.routing.declared_signals import DeclaredSignals
from contract.routing.output_contract import check_output_contract
from contract.routing.plugin_rules import check_plugins
from contract.routing.rule_nodes import check_rule_node

_ALLOWED_BELOW: Final = {"bypass": ("bypass",), "observe": ("observe", "bypass")}


def check_decisions(
    routing: dict[str, Any], path: str, catalogue: Catalogue, declared: DeclaredSignals, log: FaultLog
) -> None:
    """The rules of the decisions in a fitted `routing` mapping, the one at `path`."""
    first: dict[str, str] = {}
    for at, decision in entries(routing, "decisions", under(path, "decisions")):
        name = text(decision, "name")
        if name and name in first:
            message = f"is a duplicate decision name {shown(name)}, as in {first[name]}"
            log.add(under(at, "name"), "duplicate", message, "rename one of them")
        first.setdefault(name, at)
        _check_decision(decision, at, catalogue, log)
        check_rule_node(section(decision, "rules"), under(at, "rules"), declared, log)


def _check_decision(decision: dict[str, Any], path: str, catalogue: Catalogue, log: FaultLog) -> None:
    refs = list(entries(decision, "modelRefs", under(path, "modelRefs")))
    for at, ref in refs:
        catalogue.check_model(text(ref, "model"), under(at, "model"), log)
        catalogue.check_lora(text(ref, "lora_name"), text(ref, "model"), under(at, "lora_name"), log)
    candidates = Candidates(tuple(ref for _, ref in refs), catalogue)
    if isinstance(decision.get("algorithm"), dict):
        check_algorithm(decision["algorithm"], under(path, "algorithm"), candidates, log)
    if isinstance(decision.get("output_contract_spec"), dict):
        check_output_contract(decision["output_contract_spec"], under(path, "output_contract_spec"), log)
    check_plugins(decision, path, log)
    _check_emits(decision, path, log)
    _check_iterations(decision, path, log)
    _check_adaptations(section(decision, "adaptations"), under(path, "adaptations"), log)


def _check_emits(decision: dict[str, Any], path: str, log: FaultLog) -> None:
    seen: set[str] = set()
    for at, emit in entries(decision, "emits", under(path, "emits")):
        kind, retention = text(emit, "kind"), section(emit, "retention")
        if kind and kind in seen:
            log.add(under(at, "kind"), "duplicate", f"duplicate kind {shown(kind)} in one decision", "join them")
        seen.add(kind)
        if kind and "retention" not in emit:
            message = f"retention payload is required for kind {shown(kind)}"
            log.add(under(at, "retention"), "required", message, "say what is kept")
        turns = retention.get("ttl_turns")
        if retention.get("drop") is True and isinstance(turns, int) and turns > 0:
            message = f"drop=true conflicts with ttl_turns={turns}"
            log.add(under(under(at, "retention"), "ttl_turns"), "conflict", message, "keep one of them")
        if emit.get("retention") == {} or (turns == 0 and "drop" not in retention):
            message = "the retention has no effect"
            log.warn(under(at, "retention"), "value", message, "set drop, a ttl_turns above 0 or another of its fields")


def _check_iterations(decision: dict[str, Any], path: str, log: FaultLog) -> None:
    for at, iteration in entries(decision, "candidateIterations", under(path, "candidateIterations")):
        source = text(iteration, "source")
        if source == "decision.candidates" and not decision.get("modelRefs"):
            message = "source decision.candidates requires non-empty modelRefs"
            log.add(under(at, "source"), "required", message, "give the decision modelRefs")
        if source == "models" and not iteration.get("models"):
            log.add(under(at, "models"), "required", "source models requires at least one model", "list the models")
        variable = text(iteration, "variable")
        for output_at, output in entries(iteration, "outputs", under(at, "outputs")):
            if variable and output.get("value", "") != variable:
                message = f"a model output must reference variable {shown(variable)}"
                log.add(under(output_at, "value"), "reference", message, f"write {variable}")


def _check_adaptations(adaptations: dict[str, Any], path: str, log: FaultLog) -> None:
    """Nothing inside a decision does more than the decision as a whole."""
    whole = text(adaptations, "mode")
    allowed = _ALLOWED_BELOW.get(whole, ())
    for part in ("adaptation", "protection"):
        mode = text(section(adaptations, part), "mode")
        if mode and allowed and mode not in allowed:
            message = f"{part}.mode cannot be {shown(mode)} when adaptations.mode is {whole}"
            log.add(under(under(path, part), "mode"), "conflict", message, f"use {' or '.join(allowed)}")
