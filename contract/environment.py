"""Environment variables in a document, filled in where the operator stands; the control plane never has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from contract.faults import Fault, FaultLog, under
from contract.plain_values import entries, plain, section
from contract.workspace_document import WorkspaceDocument

_REFERENCE: Final = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<braced>[^}]*)\}|(?P<bare>[A-Za-z0-9_]+))")
_BRACED: Final = re.compile(r"(?P<name>[A-Za-z0-9_]*)(?P<operator>:-|-)(?P<default>.*)", re.DOTALL)


def expand_environment(raw: Mapping[str, Any], env: Mapping[str, str]) -> Mapping[str, Any]:
    """A copy with `${VAR}`, `$VAR`, `${VAR:-d}`, `${VAR-d}` and `$$` replaced in every text, and with each backend's
    `api_key_env` turned into its `api_key`.

    An unset variable in a text becomes empty. One that `api_key_env` names is a fault when it is unset or empty, unless
    the backend has an `api_key`, which wins. Raises ContractError.
    """
    log = FaultLog()
    document: dict[str, Any] = _expanded(plain(raw, log), env)
    for path, model in entries(section(document, "providers"), "models", "providers.models"):
        for at, ref in entries(model, "backend_refs", under(path, "backend_refs")):
            _resolve_key(ref, at, env, log)
    log.raise_if_any()
    return document


def unresolved_environment(document: WorkspaceDocument) -> tuple[Fault, ...]:
    """The backends that still wait for a variable, which only the operator has: `api_key_env` without `api_key`."""
    return tuple(
        Fault(
            f"providers.models[{model_index}].backend_refs[{index}].api_key_env",
            "environment",
            "is not known to the control plane; `agentrouter apply` fills it in where it runs, or give api_key",
        )
        for model_index, model in enumerate(document.providers.models)
        for index, ref in enumerate(model.backend_refs)
        if ref.api_key_env and not ref.api_key
    )


def _resolve_key(ref: dict[str, Any], path: str, env: Mapping[str, str], log: FaultLog) -> None:
    variable = ref.get("api_key_env")
    if not isinstance(variable, str) or not variable:
        return
    if not ref.get("api_key") and not env.get(variable):
        message = f"names the environment variable {variable}, which is not set; set it or give api_key"
        log.add(under(path, "api_key_env"), "environment", message)
        return
    ref["api_key"] = ref.get("api_key") or env[variable]
    del ref["api_key_env"]


def _expanded(value: Any, env: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _replacement(match, env), value) if "$" in value else value
    if isinstance(value, dict):
        return {key: _expanded(element, env) for key, element in value.items()}
    if isinstance(value, list):
        return [_expanded(element, env) for element in value]
    return value


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
