"""Environment variables in a document, filled in where the operator stands; the control plane never has them.

What a plugin is configured with is the plugin's own text: nothing is replaced there. A backend's `api_key_env` names a
variable of the data plane's, not of the operator's, and is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from contract.faults import Fault, FaultLog, item, shown, under
from contract.plain_values import plain

_REFERENCE: Final = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<braced>[^}]*)\}|(?P<bare>[A-Za-z0-9_]+))")
_BRACED: Final = re.compile(r"(?P<name>[A-Za-z0-9_]*)(?P<operator>:-|-)(?P<default>.*)", re.DOTALL)
_MEANS_REFERENCE: Final = re.compile(r"\$(?=[$A-Za-z0-9_{])")
_PLUGINS, _CONFIGURATION = "plugins", "configuration"


def expand_environment(raw: Mapping[str, Any], env: Mapping[str, str]) -> Mapping[str, Any]:
    """A copy with `${VAR}`, `$VAR`, `${VAR:-d}`, `${VAR-d}` and `$$` replaced in every text; an unset variable becomes
    empty. Raises ContractError for what is no document at all.
    """
    log = FaultLog()
    document = plain(raw, log)
    log.raise_if_any()
    expanded: dict[str, Any] = _changed(document, lambda text: _expanded(text, env))
    return expanded


def escape_environment(document: Any) -> Any:
    """What `expand_environment` turns back into this document: each `$` doubled that it would take for a reference."""
    return _changed(document, lambda text: _MEANS_REFERENCE.sub("$$", text))


def unset_variables(document: Any, env: Mapping[str, str]) -> tuple[str, ...]:
    """Names that are referred to without a default and are not set, sorted."""
    return tuple(
        sorted({name for _, text in _texts(document, "") for name in _without_default(text) if name not in env})
    )


def unset_references(document: Any, env: Mapping[str, str]) -> tuple[Fault, ...]:
    """A warning for each place that refers to a variable without a default which is not set."""
    log = FaultLog()
    for path, text in _texts(document, ""):
        for name in dict.fromkeys(_without_default(text)):
            if name not in env:
                message = f"the environment variable {shown(name)} is not set and becomes empty"
                log.warn(path, "environment", message, "set it, or give a default: ${NAME:-default}")
    return log.warnings()


def _changed(value: Any, change: Callable[[str], str], key: str = "") -> Any:
    if isinstance(value, str):
        return change(value) if "$" in value else value
    if isinstance(value, Mapping):
        return {name: _changed(element, change, name) for name, element in value.items()}
    if isinstance(value, list):
        return [_changed_plugin(one, change) if key == _PLUGINS else _changed(one, change) for one in value]
    return value


def _changed_plugin(plugin: Any, change: Callable[[str], str]) -> Any:
    if not isinstance(plugin, Mapping):
        return _changed(plugin, change)
    return {
        name: element if name == _CONFIGURATION else _changed(element, change, name) for name, element in plugin.items()
    }


def _texts(value: Any, path: str, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in which references are replaced, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, element in value.items():
            yield from _texts(element, under(path, str(name)), name)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            if key == _PLUGINS and isinstance(element, Mapping):
                element = {name: inner for name, inner in element.items() if name != _CONFIGURATION}
            yield from _texts(element, item(path, index))


def _without_default(text: str) -> Iterator[str]:
    for match in _REFERENCE.finditer(text):
        if match["bare"]:
            yield match["bare"]
        elif match["braced"] and not _BRACED.fullmatch(match["braced"]):
            yield match["braced"]


def _expanded(text: str, env: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: _replacement(match, env), text)


def _replacement(match: re.Match[str], env: Mapping[str, str]) -> str:
    if match["dollar"]:
        return "$"
    if match["bare"]:
        return env.get(match["bare"], "")
    with_default = _BRACED.fullmatch(match["braced"])
    if with_default is None:
        return env.get(match["braced"], "")
    found = env.get(with_default["name"])
    missing = found is None or (with_default["operator"] == ":-" and not found)
    return with_default["default"] if missing or found is None else found
