"""What must hold between the plugins of a decision, and within the configuration of each."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import FaultLog, under
from contract.plain_values import entries, text
from contract.routing.cache_plugin import check_response_cache
from contract.routing.compression_plugin import check_context_compression
from contract.routing.knowledge_plugins import check_image_gen, check_rag
from contract.routing.plugin_credentials import warn_of_held_credentials
from contract.routing.tool_plugins import check_tools

_CHECKS: Final = {
    "response_cache": check_response_cache,
    "context_compression": check_context_compression,
    "rag": check_rag,
    "image_gen": check_image_gen,
    "tools": check_tools,
}


def check_plugins(decision: dict[str, Any], path: str, log: FaultLog) -> None:
    """The rules of the plugins in a fitted decision, the one at `path`; types are spelled as they are today."""
    first: dict[str, str] = {}
    for at, plugin in entries(decision, "plugins", under(path, "plugins")):
        kind, configuration = text(plugin, "type"), plugin.get("configuration")
        if kind and kind in first:
            message = f"is a duplicate plugin {kind}, as in {first[kind]}"
            log.add(under(at, "type"), "duplicate", message, "join them into one")
        first.setdefault(kind, at)
        if not isinstance(configuration, dict):
            continue
        warn_of_held_credentials(kind, configuration, under(at, "configuration"), log)
        if kind in _CHECKS:
            _CHECKS[kind](configuration, under(at, "configuration"), log)
