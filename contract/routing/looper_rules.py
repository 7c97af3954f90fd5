"""What must hold within the parameter blocks of the algorithms that ask several models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contract.faults import FaultLog, item, shown, under
from contract.plain_values import entries, section, text
from contract.routing.loopers import RETIRED_COMPACTIONS, RETIRED_FILTERS
from contract.words import way_out

Models = Mapping[str, object]
"""The names that may be said, in order."""

_HALF: Final = 0.5
_TOLERANCE: Final = 1e-9
_ENTAILMENT: Final = "automix_entailment"


def check_confidence(block: dict[str, Any], path: str, log: FaultLog) -> None:
    _warn_of_retired(block, "token_filter", RETIRED_FILTERS, path, log)
    method = text(block, "confidence_method") or "avg_logprob"
    _check_hybrid_weights(block, method, under(path, "hybrid_weights"), log)
    url, seconds = block.get("verifier_server_url"), block.get("verifier_timeout_seconds")
    if method == _ENTAILMENT:
        if not url:
            message = f"verifier_server_url is required when confidence_method={_ENTAILMENT}"
            log.add(under(path, "verifier_server_url"), "required", message, "write an http or https address")
        return
    for key, value in (("verifier_server_url", url), ("verifier_timeout_seconds", seconds)):
        if value:
            message = f"{key} is only supported when confidence_method={_ENTAILMENT}"
            log.add(under(path, key), "conflict", message, "take it out")


def _warn_of_retired(block: dict[str, Any], key: str, retired: Mapping[str, str], path: str, log: FaultLog) -> None:
    word = text(block, key)
    if word in retired:
        log.warn(
            under(path, key), "deprecated", f"{key} {shown(word)} is read as {retired[word]}", f"write {retired[word]}"
        )


def _check_hybrid_weights(block: dict[str, Any], method: str, path: str, log: FaultLog) -> None:
    if "hybrid_weights" not in block:
        return
    if method != "hybrid":
        message = "hybrid_weights is only supported when confidence_method=hybrid"
        log.add(path, "conflict", message, "take it out, or write confidence_method: hybrid")
        return
    weights = section(block, "hybrid_weights")
    values = [weights.get(key, _HALF) for key in ("logprob_weight", "margin_weight")]
    if not all(isinstance(value, int | float) for value in values):
        return
    if abs(sum(value or _HALF for value in values) - 1) > _TOLERANCE:
        message = "hybrid_weights must sum to 1, where 0 and what is left out count as 0.5"
        log.add(path, "value", message, "make logprob_weight and margin_weight add up to 1")


def check_remom(block: dict[str, Any], path: str, models: Models, log: FaultLog) -> None:
    _warn_of_retired(block, "compaction_strategy", RETIRED_COMPACTIONS, path, log)
    _check_among(text(block, "synthesis_model"), "synthesis_model", under(path, "synthesis_model"), models, log)


def check_fusion(block: dict[str, Any], path: str, log: FaultLog) -> None:
    seen: set[str] = set()
    for at, override in entries(block, "analysis_overrides", under(path, "analysis_overrides")):
        name = text(override, "model")
        if name and name in seen:
            log.add(
                under(at, "model"), "duplicate", f"analysis_overrides model {shown(name)} is duplicated", "join them"
            )
        seen.add(name)


def check_workflows(block: dict[str, Any], path: str, models: Models, log: FaultLog) -> None:
    roles, dynamic = block.get("roles"), text(block, "mode") == "dynamic"
    if dynamic and not text(section(block, "planner"), "model"):
        at = under(under(path, "planner"), "model")
        log.add(at, "required", "planner.model is required when mode=dynamic", "name the model that plans")
    if dynamic and roles:
        message = "roles can only be set when mode=static"
        log.add(under(path, "roles"), "conflict", message, "take them out, or write mode: static")
    if not dynamic and not roles:
        message = "roles is required when mode=static"
        log.add(under(path, "roles"), "required", message, "list the roles, or write mode: dynamic with a planner")
    final = under(under(path, "final"), "model")
    _check_among(text(section(block, "final"), "model"), "final.model", final, models, log)
    if not dynamic:
        _check_roles(block, path, models, log)


def _check_roles(block: dict[str, Any], path: str, models: Models, log: FaultLog) -> None:
    earlier: dict[str, None] = {}
    for at, role in entries(block, "roles", under(path, "roles")):
        _check_role_models(role, under(at, "models"), models, log)
        _check_access(role, under(at, "access_list"), earlier, log)
        earlier.update(dict.fromkeys(_answers_of(role)))


def _check_role_models(role: dict[str, Any], path: str, models: Models, log: FaultLog) -> None:
    seen: set[str] = set()
    for at, model in _texts(role, "models", path):
        if model in seen:
            log.add(at, "duplicate", f"models contains duplicate model {shown(model)}", "name it once")
        seen.add(model)
        _check_among(model, "a role's model", at, models, log)


def _check_access(role: dict[str, Any], path: str, earlier: Models, log: FaultLog) -> None:
    """A role sees only what was answered before it: a whole role, or one model of it as `role:index:model`."""
    seen: set[str] = set()
    for at, name in _texts(role, "access_list", path):
        if name in seen:
            log.add(at, "duplicate", f"access_list names {shown(name)} twice", "name it once")
        elif name not in earlier:
            message = f"access_list references unknown or future role {shown(name)}"
            log.add(at, "reference", message, _one_of(earlier, name, "the first role sees none", log))
        seen.add(name)


def _answers_of(role: dict[str, Any]) -> list[str]:
    name = text(role, "name").strip().lower().replace(" ", "-").replace("_", "-")
    return [name, *(f"{name}:{index}:{model}" for index, (_, model) in enumerate(_texts(role, "models", "")))]


def _check_among(model: str, what: str, path: str, models: Models, log: FaultLog) -> None:
    if model and model not in models:
        message = f"{what} {shown(model)} must reference one of the decision's modelRefs"
        log.add(path, "reference", message, _one_of(models, model, "add it to modelRefs", log))


def _one_of(known: Models, word: str, otherwise: str, log: FaultLog) -> str:
    return otherwise if log.is_full or not known else way_out(word, known)


def _texts(holder: dict[str, Any], key: str, path: str) -> list[tuple[str, str]]:
    """The texts of a list with their paths; whatever is something else has its own fault."""
    value = holder.get(key)
    listed = enumerate(value if isinstance(value, list) else ())
    return [(item(path, index), element) for index, element in listed if isinstance(element, str)]
