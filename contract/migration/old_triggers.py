"""Conditions that the oldest decisions hold themselves, turned into signals that their rules name."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import under
from contract.migration.notes import Journal
from contract.migration.places import elements, entry_named, mapping

_LEFT_OUT: Final = "is left out, since without it every request would match: write its rules and put it back"


def mend_triggers(routing: dict[str, Any], path: str, journal: Journal) -> None:
    """In place. A decision of which no condition can be said is left out."""
    decisions = routing.get("decisions")
    left_out = [
        id(decision)
        for at, decision in elements(routing, "decisions", under(path, "decisions"))
        if not _is_mended(routing, path, decision, at, journal)
    ]
    if left_out and isinstance(decisions, list):
        routing["decisions"] = [each for each in decisions if id(each) not in left_out]


def _is_mended(routing: dict[str, Any], path: str, decision: dict[str, Any], at: str, journal: Journal) -> bool:
    found = _conditions(decision, at)
    if not found or "rules" in decision:
        return True
    leaves = [leaf for leaf_at, old in found if (leaf := _leaf(routing, path, decision, old, leaf_at, journal))]
    if not leaves:
        journal.undecided(at, _LEFT_OUT)
        return False
    decision["rules"] = {"operator": "OR", "conditions": leaves}
    decision.pop("triggers", None)
    decision.pop("signal", None)
    return True


def _conditions(decision: dict[str, Any], at: str) -> list[tuple[str, dict[str, Any]]]:
    """`triggers [{type, keywords}]` and `signal {type, config {keywords}}`."""
    found = elements(decision, "triggers", under(at, "triggers"))
    old = decision.get("signal")
    if isinstance(old, dict):
        config = old.get("config")
        found.append((under(at, "signal"), {**(config if isinstance(config, dict) else {}), "type": old.get("type")}))
    return found


def _leaf(
    routing: dict[str, Any], path: str, decision: dict[str, Any], old: dict[str, Any], at: str, journal: Journal
) -> dict[str, Any] | None:
    keywords, name = old.get("keywords"), decision.get("name")
    if old.get("type") != "keyword" or not isinstance(keywords, list) or not isinstance(name, str):
        journal.undecided(at, "is a condition of a type for which no signal is known")
        return None
    signal = f"{name}_keywords"
    new_path, rule = entry_named(mapping(routing, "signals"), "keywords", f"{path}.signals.keywords", signal)
    rule.setdefault("operator", "OR")
    rule["keywords"] = [*rule.get("keywords", []), *keywords]
    journal.moved(at, new_path, "the decision's rules name the signal")
    return {"type": "keyword", "name": signal}
