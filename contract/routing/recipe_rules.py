"""What must hold of recipes and of the entrypoints that lead to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from contract.faults import FaultLog, shown, under
from contract.plain_values import entries, section, text
from contract.routing.catalogue import Catalogue, trimmed_names
from contract.words import way_out

DEFAULT: Final = "default"

_SLUGS: Final = {"remom": "vllm-sr/remom", "fusion": "vllm-sr/fusion", "flow": "vllm-sr/flow"}


def routing_sections(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every routing section with its path: the document's own, then those of its recipes."""
    yield "routing", section(document, "routing")
    for path, recipe in entries(document, "recipes", "recipes"):
        yield under(path, "routing"), section(recipe, "routing")


def check_recipes(document: dict[str, Any], catalogue: Catalogue, log: FaultLog) -> None:
    """The names of recipes, and the entrypoints."""
    first: dict[str, str] = {}
    for path, recipe in entries(document, "recipes", "recipes"):
        name = text(recipe, "name")
        if name and name in first:
            message = f"is a duplicate recipe name {shown(name)}, as in {first[name]}"
            log.add(under(path, "name"), "duplicate", message, "rename one of them")
        first.setdefault(name, path)
        if name == DEFAULT and _has_profile(section(document, "routing")):
            message = "conflicts with the top-level routing profile"
            log.add(under(path, "name"), "conflict", message, "keep the default profile in routing or move it all here")
    _check_entrypoints(document, {DEFAULT, *first} - {""}, catalogue, log)


def _has_profile(routing: dict[str, Any]) -> bool:
    if routing.get("strategy") or routing.get("decisions"):
        return True
    families = (*section(routing, "signals").values(), *section(routing, "projections").values())
    return any(isinstance(family, list) and family for family in families)


def _check_entrypoints(document: dict[str, Any], recipes: set[str], catalogue: Catalogue, log: FaultLog) -> None:
    reserved, claimed = _reserved(document, catalogue), dict[str, str]()
    for path, entrypoint in entries(document, "entrypoints", "entrypoints"):
        recipe = text(entrypoint, "recipe").strip()
        if recipe and recipe not in recipes:
            message = f"references unknown recipe {shown(recipe)}"
            remedy = "write a recipe of that name" if log.is_full else way_out(recipe, sorted(recipes))
            log.add(under(path, "recipe"), "reference", message, remedy)
        names = entrypoint.get("model_names")
        for name in trimmed_names(names if isinstance(names, list) else []):
            at = under(path, "model_names")
            if name in claimed:
                message = f"model name {shown(name)} is already mapped by another entrypoint, {claimed[name]}"
                log.add(at, "duplicate", message, "keep it in one entrypoint")
            elif name in reserved:
                message = f"model name {shown(name)} is already {reserved[name]}"
                log.add(at, "conflict", message, "entrypoints need new names")
            claimed.setdefault(name, path)


def _reserved(document: dict[str, Any], catalogue: Catalogue) -> Mapping[str, str]:
    """What a name stands for already."""
    looper = section(section(section(document, "global"), "integrations"), "looper")
    slugs = {name: f"the slug of {family}" for family, own in _SLUGS.items() for name in _slugs(looper, family, own)}
    return {
        **slugs,
        **dict.fromkeys(catalogue.auto_names, "an auto-model alias"),
        **dict.fromkeys(catalogue.loras, "a configured LoRA adapter"),
        **dict.fromkeys(catalogue.cards, "a configured model"),
    }


def _slugs(looper: dict[str, Any], family: str, default: str) -> list[str]:
    names = section(looper, family).get("model_names")
    return trimmed_names(names) if isinstance(names, list) and names else [default]
