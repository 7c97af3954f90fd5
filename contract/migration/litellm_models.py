"""LiteLLM's model groups as logical models: several deployments are several backends, in the order of failover."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import item
from contract.migration.litellm_deployments import Deployment
from contract.migration.notes import Journal
from contract.migration.places import listing, mapping

_PRICES: Final = {
    "input_cost_per_token": "prompt_per_1m",
    "output_cost_per_token": "completion_per_1m",
    "cache_read_input_token_cost": "cached_input_per_1m",
    "cache_creation_input_token_cost": "cache_write_per_1m",
}
_CAPABILITIES: Final = {
    "supports_function_calling": "tools",
    "supports_vision": "vision",
    "supports_reasoning": "reasoning",
}
_TWO_NAMES: Final = (
    "a model has one name for each provider type, so this deployment became a model of its own, named after both"
)
_WEIGHT: Final = "order and weight say which backend is tried first"


def add_models(document: dict[str, Any], deployments: list[Deployment], journal: Journal) -> None:
    """Appends to providers.models and routing.modelCards, in the order of the file."""
    for name, group in _groups(deployments, journal).items():
        models = listing(mapping(document, "providers"), "models")
        cards = listing(mapping(document, "routing"), "modelCards")
        path = item("providers.models", len(models))
        models.append(
            {"name": name, **_ids(name, group), "backend_refs": _refs(group, path, journal), **_pricing(group)}
        )
        cards.append({"name": name, **_card(group)})


def _groups(deployments: list[Deployment], journal: Journal) -> dict[str, list[Deployment]]:
    groups: dict[str, list[Deployment]] = {}
    for deployment in deployments:
        group = groups.setdefault(deployment.group, [])
        others = {each.upstream_id for each in group if each.type_name == deployment.type_name} - {""}
        if deployment.upstream_id and others - {deployment.upstream_id}:
            own = f"{deployment.group}@{deployment.upstream_id}"
            journal.undecided(f"{deployment.path}.litellm_params.model", _TWO_NAMES)
            group = groups.setdefault(own, [])
        group.append(deployment)
    return groups


def _ids(name: str, group: list[Deployment]) -> dict[str, Any]:
    """One name at every provider, or one for each type of provider."""
    by_type = {each.type_name: each.upstream_id for each in group if each.upstream_id}
    if len(set(by_type.values())) > 1:
        return {"external_model_ids": by_type}
    upstream_id = next(iter(by_type.values()), name)
    return {"provider_model_id": upstream_id} if upstream_id != name else {}


def _refs(group: list[Deployment], path: str, journal: Journal) -> list[dict[str, Any]]:
    refs: list[dict[str, Any]] = []
    weights = _weights(group)
    for index, deployment in enumerate(group):
        ref = {"name": _unused(_name(deployment), refs), **deployment.ref}
        if weights:
            ref["weight"] = weights[index]
        journal.moved(deployment.path, item(f"{path}.backend_refs", index), _WEIGHT if weights else "")
        refs.append(ref)
    return refs


def _weights(group: list[Deployment]) -> list[int]:
    """From `order`, lowest first, or from `weight`; none when neither is given."""
    orders = [each.parameters.get("order") for each in group]
    numbers = [order for order in orders if isinstance(order, int)]
    if numbers:
        last = max(numbers) + 1
        return [last - (order if isinstance(order, int) else last) for order in orders]
    shares = [each.parameters.get("weight") for each in group]
    if not any(isinstance(share, int | float) for share in shares):
        return []
    plain = [share if isinstance(share, int | float) else 1 for share in shares]
    scale = 1 if all(float(share).is_integer() for share in plain) else 100
    return [max(0, min(1_000_000, round(share * scale))) for share in plain]


def _name(deployment: Deployment) -> str:
    own = deployment.info.get("id")
    return own if isinstance(own, str) and own.strip() == own and own else deployment.type_name


def _unused(name: str, refs: list[dict[str, Any]]) -> str:
    taken = {ref["name"] for ref in refs}
    return next(
        each for each in (name, *(f"{name}-{number}" for number in range(2, len(refs) + 3))) if each not in taken
    )


def _pricing(group: list[Deployment]) -> dict[str, Any]:
    """The first deployment that states a price speaks for the model."""
    for deployment in group:
        stated = {**deployment.info, **deployment.parameters}
        prices = {
            new: round(stated[old] * 1_000_000, 6)
            for old, new in _PRICES.items()
            if isinstance(stated.get(old), int | float)
        }
        if prices:
            return {"pricing": prices}
    return {}


def _card(group: list[Deployment]) -> dict[str, Any]:
    info = {key: value for deployment in reversed(group) for key, value in deployment.info.items()}
    card: dict[str, Any] = {}
    if isinstance(info.get("max_input_tokens"), int) and info["max_input_tokens"] > 0:
        card["context_window_size"] = info["max_input_tokens"]
    if isinstance(info.get("description"), str):
        card["description"] = info["description"].replace("$", "$$")
    if capabilities := [word for key, word in _CAPABILITIES.items() if info.get(key) is True]:
        card["capabilities"] = capabilities
    return card
