"""A card for every model that the document binds, defaults to or routes to."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import item
from contract.migration.moved_keys import routings
from contract.migration.notes import Journal
from contract.migration.places import listing, mapping, places

_WHY: Final = "every model has a card"
_BOUND: Final = ("providers.models[].name", "providers.defaults.default_model")
_REFERRED: Final = (
    "routing.decisions[].modelRefs[].model",
    "routing.decisions[].algorithm.remom.synthesis_model",
)


def complete_cards(document: dict[str, Any], journal: Journal, *, of_decisions: bool) -> None:
    """Adds the cards that are missing, for the models of decisions only where they are asked for."""
    routing = document.get("routing")
    cards = routing.get("modelCards") if isinstance(routing, dict) else None
    if cards is not None and not isinstance(cards, list):
        return
    known = {name for card in cards or () if isinstance(card, dict) for name in _names(card)}
    found = [place for pattern in _BOUND for place in places(document, pattern)]
    if of_decisions:
        referring = [{"routing": each} for _, each in routings(document)]
        found += [place for each in referring for pattern in _REFERRED for place in places(each, pattern)]
    for place in found:
        name = place.value
        if isinstance(name, str) and name and name not in known:
            known.add(name)
            added = listing(mapping(document, "routing"), "modelCards")
            added.append({"name": name})
            journal.moved(place.path, item("routing.modelCards", len(added) - 1), _WHY)


def _names(card: dict[str, Any]) -> list[str]:
    """The card's own name and those of its LoRA adapters, which are models too."""
    loras = card.get("loras")
    named = [card, *(lora for lora in loras or () if isinstance(lora, dict))] if isinstance(loras, list) else [card]
    return [each["name"] for each in named if isinstance(each.get("name"), str)]
