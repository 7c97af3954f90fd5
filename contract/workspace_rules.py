"""What must hold between the parts of a workspace document: names that are unique, references that resolve.

Works on the fitted mapping, not on the model, so that these faults are found beside those of types and ranges; what has
the wrong type is passed over here. Every rule looks at each entry once.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, Final

from contract.adapters import check_adapters
from contract.backend_names import backend_name
from contract.backend_rules import check_backend
from contract.faults import FaultLog, shown, under
from contract.plain_values import entries, section, text
from contract.router_settings.rules import check_global, routing_comes_from_elsewhere
from contract.routes import check_routes
from contract.routing.catalogue import catalogue_of
from contract.routing.classifier_rules import check_locals_agree
from contract.routing.decision_rules import check_decisions
from contract.routing.declared_signals import declared_signals
from contract.routing.modality_rules import check_modalities
from contract.routing.patterns import check_patterns
from contract.routing.projection_rules import check_projections
from contract.routing.recipe_rules import check_recipes, routing_sections
from contract.routing.signal_rules import check_signals
from contract.routing.signal_sources import check_sources, signal_sources
from contract.spelling import nearest
from contract.unique_names import check_unique

_METADATA: Final = (
    "reasoning_family",
    "provider_model_id",
    "api_format",
    "external_model_ids",
    "pricing",
    "reliability",
)
_WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, never bound
_TOP_LEVEL_EFFORT: Final = "top_level_reasoning_effort"


def check_workspace(document: dict[str, Any], log: FaultLog) -> None:
    providers, routing = section(document, "providers"), section(document, "routing")
    _check_listeners(document, log)
    cards = _check_cards(routing, log)
    loras = {text(lora, "name") for _, card in _cards(routing) for _, lora in entries(card, "loras", "")}
    families = _check_families(section(providers, "defaults"), log)
    _check_default_model(section(providers, "defaults"), cards | loras, log)
    _check_models(providers, cards, families, log)
    check_adapters(routing, log)
    check_global(section(document, "global"), log)
    if routing_comes_from_elsewhere(document):
        return  # what is left of the routing here cannot be held to what Kubernetes resources add to it
    catalogue = catalogue_of(document)
    sources = signal_sources(document)
    for path, profile in routing_sections(document):
        declared = declared_signals(profile)
        check_sources(profile, path, sources, log)
        check_signals(profile, path, declared, log)
        check_projections(profile, path, declared, log)
        check_decisions(profile, path, catalogue, declared, log)
        check_modalities(profile, path, catalogue, log)
    check_locals_agree(routing_sections(document), log)
    check_patterns(routing_sections(document), log)
    check_recipes(document, catalogue, log)


def _check_listeners(document: dict[str, Any], log: FaultLog) -> None:
    listeners = list(entries(document, "listeners", "listeners"))
    check_unique(listeners, "listener name", log)
    bound: dict[int, dict[str, str]] = {}
    for path, listener in listeners:
        check_routes(listener, path, log)
        port, address = listener.get("port"), _plain_address(text(listener, "address"))
        if not isinstance(port, int) or not address:
            continue
        others = bound.setdefault(port, {})
        taken = (
            address if address in others else next((wildcard for wildcard in _WILDCARDS if wildcard in others), None)
        )
        if taken is None and address in _WILDCARDS:
            taken = next(iter(others), None)
        if taken is not None:
            message = f"is port {port}, which {others[taken]} already has on {taken}"
            log.add(under(path, "port"), "duplicate", message, "take another port")
        others.setdefault(address, path)


def _plain_address(written: str) -> str:
    try:
        return str(ip_address(written))
    except ValueError:
        return ""


def _cards(routing: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    return entries(routing, "modelCards", "routing.modelCards")


def _check_cards(routing: dict[str, Any], log: FaultLog) -> set[str]:
    for path, card in _cards(routing):
        check_unique(entries(card, "loras", under(path, "loras")), "LoRA name", log)
    return check_unique(_cards(routing), "model name", log)


def _check_families(defaults: dict[str, Any], log: FaultLog) -> set[str]:
    families = section(defaults, "reasoning_families")
    for name, family in families.items():
        if not isinstance(family, dict) or family.get("type") != _TOP_LEVEL_EFFORT:
            continue
        if text(family, "parameter").strip() not in ("", "reasoning_effort"):
            path = under(under("providers.defaults.reasoning_families", name), "parameter")
            log.add(path, "value", f"should be 'reasoning_effort' for type {_TOP_LEVEL_EFFORT}", "write that")
    return set(families)


def _check_default_model(defaults: dict[str, Any], known: set[str], log: FaultLog) -> None:
    name = text(defaults, "default_model")
    if name and name not in known:
        message = f"default_model {shown(name)} is neither a routing.modelCards name nor a LoRA of one"
        log.add(
            "providers.defaults.default_model",
            "reference",
            message,
            _nearest_or(name, known, "give it a card, or name another"),
        )


def _nearest_or(name: str, known: set[str], otherwise: str) -> str:
    meant = nearest(name, known)
    return f"did you mean {shown(meant)}?" if meant else otherwise


def _check_models(providers: dict[str, Any], cards: set[str], families: set[str], log: FaultLog) -> None:
    models = list(entries(providers, "models", "providers.models"))
    check_unique(models, "provider model name", log)
    for path, model in models:
        name, family = text(model, "name"), text(model, "reasoning_family")
        if name and name not in cards:
            message = f"{shown(name)} does not match any routing.modelCards name"
            log.add(under(path, "name"), "reference", message, _nearest_or(name, cards, "give it a card"))
        if family and family not in families:
            message = f"{shown(family)} is not one of providers.defaults.reasoning_families"
            remedy = _nearest_or(family, families, "declare it there")
            log.add(under(path, "reasoning_family"), "reference", message, remedy)
        _check_retries(section(model, "reliability"), under(path, "reliability"), log)
        _check_backends(model, path, log)


def _check_retries(reliability: dict[str, Any], path: str, log: FaultLog) -> None:
    count = reliability.get("retry_count")
    if isinstance(count, int) and count > 0 and not text(reliability, "retry_on").strip():
        log.add(
            under(path, "retry_on"),
            "required",
            "retry_on is required when retry_count is above 0",
            "say when to retry: 5xx",
        )


def _check_backends(model: dict[str, Any], path: str, log: FaultLog) -> None:
    refs = list(entries(model, "backend_refs", under(path, "backend_refs")))
    if not model.get("backend_refs") and not any(model.get(key) for key in _METADATA):
        message = "needs backend_refs or provider metadata, such as provider_model_id or pricing"
        log.add(path, "required", message, "say where it is served, or what is known of it")
    named = [(at, {"name": backend_name(text(ref, "name"), index)}) for index, (at, ref) in enumerate(refs)]
    check_unique(named, "backend name", log)
    for at, ref in refs:
        check_backend(ref, at, log)
