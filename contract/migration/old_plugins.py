"""Plugins of older files: other names, and protections that are signals now, which only a person can place."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import under
from contract.migration.notes import Journal
from contract.migration.places import elements

_ALIASES: Final = {
    "semantic-cache": "response_cache",
    "semantic_cache": "response_cache",
    "response-cache": "response_cache",
}
_BECAME_SIGNALS: Final = ("pii", "jailbreak")
_WAY_OUT: Final = "and a decision above this one that uses the signal and answers by fast_response"
_OFF: Final = "was switched off"


def mend_plugins(decision: dict[str, Any], at: str, journal: Journal) -> None:
    """In place. A protection that is taken out is undecided, unless it was switched off."""
    if not isinstance(decision.get("plugins"), list):
        return
    kept = []
    listed = {id(plugin): path for path, plugin in elements(decision, "plugins", under(at, "plugins"))}
    for plugin in decision["plugins"]:
        path, kind = listed.get(id(plugin), ""), plugin.get("type") if isinstance(plugin, dict) else None
        if isinstance(kind, str) and kind in _BECAME_SIGNALS:
            _retire(plugin, path, f"write a signal routing.signals.{kind}, {_WAY_OUT}", journal)
            continue
        if isinstance(kind, str) and kind in _ALIASES:
            plugin["type"] = _ALIASES[kind]
            journal.moved(under(path, "type"), under(path, "type"), f"{kind} is called {_ALIASES[kind]}")
        kept.append(plugin)
    decision["plugins"] = kept
    if not kept:
        del decision["plugins"]


def _retire(plugin: dict[str, Any], path: str, way_out: str, journal: Journal) -> None:
    configuration = plugin.get("configuration")
    if isinstance(configuration, dict) and configuration.get("enabled") is False:
        journal.dropped(path, _OFF)
    else:
        journal.undecided(path, f"is no plugin any more: {way_out}")
