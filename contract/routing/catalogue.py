"""The models of a document, as the rules of decisions, recipes and entrypoints ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.faults import FaultLog, shown
from contract.plain_values import entries, section, text
from contract.words import way_out


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Cards, LoRAs and served models by name, as they are written.

    A catalogue without cards is that of a fragment: it knows no model, and so objects to none.
    """

    cards: Mapping[str, dict[str, Any]]
    loras: frozenset[str]
    providers: Mapping[str, dict[str, Any]]
    auto_names: frozenset[str]

    def check_model(self, name: str, path: str, log: FaultLog) -> None:
        """That a card or a LoRA has this name."""
        if not name or not self.cards or name in self.cards or name in self.loras:
            return
        known = [*self.cards, *sorted(self.loras)][:20]
        message = f"references unknown model {shown(name)}: no routing.modelCards name and no LoRA of one"
        log.add(path, "reference", message, way_out(name, known))

    def check_lora(self, lora: str, model: str, path: str, log: FaultLog) -> None:
        """That the model's card lists this LoRA."""
        if not lora or not self.cards:
            return
        if model not in self.cards:
            message = f"lora_name {shown(lora)} needs a model with a card, and {shown(model)} has none"
            log.add(path, "reference", message, "name the card whose loras hold it as the model")
            return
        known = loras_of(self.cards[model])
        if lora not in known:
            message = f"lora_name {shown(lora)} is not declared in the loras of {shown(model)}"
            log.add(path, "reference", message, way_out(lora, known) if known else "add it to the card's loras")


def catalogue_of(document: dict[str, Any]) -> Catalogue:
    """The catalogue of a fitted document."""
    routing, providers = section(document, "routing"), section(document, "providers")
    cards = {text(card, "name"): card for _, card in entries(routing, "modelCards", "")}
    loras = {lora for card in cards.values() for lora in loras_of(card)}
    models = {text(model, "name"): model for _, model in entries(providers, "models", "")}
    return Catalogue(
        cards={name: card for name, card in cards.items() if name},
        loras=frozenset(loras),
        providers={name: model for name, model in models.items() if name},
        auto_names=_auto_names(section(section(document, "global"), "router")),
    )


def loras_of(card: dict[str, Any]) -> list[str]:
    return [name for _, lora in entries(card, "loras", "") if (name := text(lora, "name"))]


def _auto_names(router: dict[str, Any]) -> frozenset[str]:
    """The names that ask for a choice by the default recipe; an explicit list replaces them all, even an empty one."""
    explicit = router.get("auto_model_names")
    if isinstance(explicit, list):
        return frozenset(trimmed_names(explicit))
    return frozenset({"vllm-sr/auto", "auto", text(router, "auto_model_name").strip() or "MoM"})


def trimmed_names(names: list[Any]) -> list[str]:
    """Each name once, without surrounding whitespace, in the order of the list; what is no text is left out."""
    return list(dict.fromkeys(name.strip() for name in names if isinstance(name, str) and name.strip()))
