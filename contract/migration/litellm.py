"""LiteLLM's `config.yaml` as a workspace document: its model groups, aliases and retries; the rest is listed."""

from __future__ import annotations

import copy
from typing import Any, Final

from contract.faults import under
from contract.migration.litellm_deployments import read_deployment
from contract.migration.litellm_models import add_models
from contract.migration.notes import Journal
from contract.migration.places import elements, listing, mapping

_SETTINGS: Final = ("router_settings", "litellm_settings", "general_settings")
_MOST_RETRIES: Final = 5
_OWN: Final = "is a switch of LiteLLM itself"
_FALLBACK: Final = (
    "nothing falls back from one model to another by name: add a backend to the model, or write a decision that "
    "routes to several models"
)
_CACHE: Final = "global.stores.response_cache configures the cache of answers"
_SIGNALS: Final = "global.services.observability says where metrics and traces go"
_DROPPED: Final = {
    "set_verbose": _OWN,
    "json_logs": _OWN,
    "drop_params": _OWN,
    "telemetry": _OWN,
    "modify_params": _OWN,
    "store_model_in_db": _OWN,
    "master_key": "management keys are made by `agentrouter keys management create`",
    "database_url": "the control plane has its own database",
    "salt_key": "the control plane has its own master key",
}
_UNDECIDED: Final = {
    "fallbacks": _FALLBACK,
    "default_fallbacks": _FALLBACK,
    "context_window_fallbacks": _FALLBACK,
    "content_policy_fallbacks": _FALLBACK,
    "cache": _CACHE,
    "cache_params": _CACHE,
    "success_callback": _SIGNALS,
    "failure_callback": _SIGNALS,
    "callbacks": _SIGNALS,
    "request_timeout": "a listener's timeout bounds every request",
    "timeout": "a listener's timeout bounds every request",
    "stream_timeout": "a listener's timeout bounds every request",
}
_UNKNOWN: Final = "has no counterpart in the contract"
_STRATEGIES: Final = {"simple-shuffle": "round_robin", "least-busy": "least_request"}


def is_litellm(source: dict[str, Any]) -> bool:
    return isinstance(source.get("model_list"), list) and "providers" not in source and "routing" not in source


def import_litellm(source: dict[str, Any], journal: Journal) -> dict[str, Any]:
    """A new document; `source` is only read."""
    document: dict[str, Any] = {"version": "v0.3", "providers": {"models": []}, "routing": {"modelCards": []}}
    entries = elements(source, "model_list", "model_list")
    read = (read_deployment(entry, path, journal) for path, entry in entries)
    add_models(document, [each for each in read if each], journal)
    reliability: dict[str, Any] = {}
    for section in _SETTINGS:
        settings = source.get(section)
        for key, value in settings.items() if isinstance(settings, dict) else ():
            if not _is_taken(document, reliability, key, value, under(section, key), journal):
                _note(key, under(section, key), journal)
    for model in document["providers"]["models"] if reliability else ():
        model["reliability"] = dict(reliability)
    for section in source:
        if section == "environment_variables":
            journal.dropped(section, "set variables where agentrouter runs")
        elif section not in ("model_list", *_SETTINGS):
            journal.undecided(section, _UNKNOWN)
    return document


def _is_taken(
    document: dict[str, Any], reliability: dict[str, Any], key: str, value: Any, path: str, journal: Journal
) -> bool:
    """Whether the setting says something that the contract can say too."""
    new_path = "providers.models[].reliability"
    match key:
        case "num_retries" if isinstance(value, int) and value >= 0:
            reliability.update(
                {"retry_count": min(value, _MOST_RETRIES), "retry_on": "5xx,connect-failure,refused-stream"}
            )
            journal.moved(path, f"{new_path}.retry_count", "at most 5" if value > _MOST_RETRIES else "")
        case "allowed_fails" if isinstance(value, int) and value >= 0:
            reliability["consecutive_5xx"] = value + 1
            journal.moved(path, f"{new_path}.consecutive_5xx", "counts failures in a row, not in a minute")
        case "cooldown_time" if isinstance(value, int) and value > 0:
            reliability["base_ejection_time"] = f"{value}s"
            journal.moved(path, f"{new_path}.base_ejection_time")
        case "routing_strategy" if isinstance(value, str) and value in _STRATEGIES:
            reliability["lb_policy"] = _STRATEGIES[value]
            journal.moved(path, f"{new_path}.lb_policy")
        case "model_group_alias" | "model_alias_map" if isinstance(value, dict):
            for alias, target in value.items():
                _add_alias(document, alias, target, under(path, alias), journal)
        case _:
            return False
    return True


def _add_alias(document: dict[str, Any], alias: str, target: Any, path: str, journal: Journal) -> None:
    """A second logical model on the same backends, which sends the same name to them."""
    name = target.get("model") if isinstance(target, dict) else target
    models = listing(mapping(document, "providers"), "models")
    cards = listing(mapping(document, "routing"), "modelCards")
    found = next((model for model in models if model["name"] == name), None)
    if found is None or any(model["name"] == alias for model in models):
        journal.undecided(path, "is an alias of no model of this file, or of one that has the alias's name")
        return
    twin = {**copy.deepcopy(found), "name": alias}
    if "external_model_ids" not in twin:
        twin.setdefault("provider_model_id", name)
    models.append(twin)
    cards.extend([{**copy.deepcopy(card), "name": alias} for card in cards if card["name"] == name])
    journal.moved(path, f"providers.models[{len(models) - 1}]", "is a model of its own on the same backends")


def _note(key: str, path: str, journal: Journal) -> None:
    if key in _DROPPED:
        journal.dropped(path, _DROPPED[key])
    else:
        journal.undecided(path, _UNDECIDED.get(key, _UNKNOWN))
