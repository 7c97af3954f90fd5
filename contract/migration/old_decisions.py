"""Decisions as older files write them: selectors that were removed, plugins that became signals, rules by trigger."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import item, under
from contract.migration.notes import Journal
from contract.migration.old_layouts import REMOVED_SELECTORS
from contract.migration.places import elements

_REMOVED: Final = frozenset({*REMOVED_SELECTORS, "session_aware"})
_LEARNED: Final = (
    "selectors that learn by themselves were removed: the decision takes the router's own method now; "
    "global.router.learning is what learns"
)
_TOOL_KEYS: Final = ("tool_scope", "allow_tools", "block_tools")
_TOOL_LISTS: Final = ("allow_tools", "block_tools")


def mend_decisions(routing: dict[str, Any], path: str, journal: Journal) -> None:
    """What a decision of any older layout may hold; a canonical decision stays as it is."""
    for at, decision in elements(routing, "decisions", under(path, "decisions")):
        _mend_selection(decision, at, journal)
        _mend_algorithm(decision, at, journal)
        _mend_tools(decision, at, journal)
        if isinstance(decision.get("plugins"), dict):
            named = decision["plugins"]
            decision["plugins"] = [{"type": name, "configuration": value} for name, value in named.items()]
            journal.moved(under(at, "plugins"), f"{under(at, 'plugins')}[]", "plugins are a list")


def _mend_selection(decision: dict[str, Any], at: str, journal: Journal) -> None:
    """`modelSelectionAlgorithm {enabled, method}` → `algorithm {type}`."""
    old = decision.pop("modelSelectionAlgorithm", None)
    if old is None:
        return
    path = under(at, "modelSelectionAlgorithm")
    method = old.get("method") if isinstance(old, dict) else None
    if not isinstance(method, str) or old.get("enabled") is False:
        journal.dropped(path, "was switched off, or named no method")
    elif "algorithm" in decision:
        journal.dropped(path, "the decision's algorithm stays")
    else:
        decision["algorithm"] = {"type": method, **({method: old[method]} if isinstance(old.get(method), dict) else {})}
        journal.moved(path, under(at, "algorithm"))


def _mend_algorithm(decision: dict[str, Any], at: str, journal: Journal) -> None:
    algorithm = decision.get("algorithm")
    if not isinstance(algorithm, dict):
        return
    path = under(at, "algorithm")
    if str(algorithm.get("type")) in _REMOVED:
        del decision["algorithm"]
        journal.dropped(path, _LEARNED)
        return
    for key in _REMOVED & set(algorithm):
        del algorithm[key]
        journal.dropped(under(path, key), _LEARNED)


def _mend_tools(decision: dict[str, Any], at: str, journal: Journal) -> None:
    """`tool_scope`, `allow_tools` and `block_tools` → the plugin tools."""
    old = {key: decision.pop(key) for key in _TOOL_KEYS if key in decision}
    lists = {key: old[key] for key in _TOOL_LISTS if old.get(key)}
    mode = "filtered" if lists else {"none": "none", "passthrough": "passthrough"}.get(str(old.get("tool_scope")))
    plugins = decision.get("plugins", [])
    taken = isinstance(plugins, list) and any(
        isinstance(each, dict) and each.get("type") == "tools" for each in plugins
    )
    if old and mode and isinstance(plugins, list) and not taken:
        decision["plugins"] = [*plugins, {"type": "tools", "configuration": {"enabled": True, "mode": mode, **lists}}]
        new_path = item(under(at, "plugins"), len(plugins))
        for key in old:
            journal.moved(under(at, key), new_path)
        return
    for key in old:
        journal.undecided(under(at, key), "say which tools the decision lets through with its plugin tools")
