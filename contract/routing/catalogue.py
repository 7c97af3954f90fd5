"""The models of a document, as the rules of decisions, recipes and entrypoints ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
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
    loras_of: Mapping[str, Mapping[str, object]]
    loras: frozenset[str]
    providers: Mapping[str, dict[str, Any]]
    auto_names: frozenset[str]

    def check_model(self, name: str, path: str, log: FaultLog) -> None:
        """That a card or a LoRA has this name."""
        if not name or not self.cards or name in self.cards or name in self.loras:
            return
        message = f"references unknown model {shown(name)}: no routing.modelCards name and no LoRA of one"
        remedy = "give it a card" if log.is_full else way_out(name, chain(self.cards, sorted(self.loras)))
        log.add(path, "reference", message, remedy)

    def check_lora(self, lora: str, model: str, path: str, log: FaultLog) -> None:
        """That the model's card lists this LoRA."""
        if not lora or not self.cards:
            return
        if model not in self.cards:
            message = f"lora_name {shown(lora)} needs a model with a card, and {shown(model)} has none"
            log.add(path, "reference", message, "name the card whose loras hold it as the model")
            return
        known = self.loras_of[model]
        if lora not in known:
            message = f"lora_name {shown(lora)} is not declared in the loras of {shown(model)}"
            remedy = way_out(lora, known) if known and not log.is_full else "add it to the card's loras"
            log.add(path, "reference", message, remedy)


def catalogue_of(document: dict[str, Any]) -> Catalogue:
    """The catalogue of a fitted document."""
    routing, providers = section(document, "routing"), section(document, "providers")
    cards = _by_name(routing, "modelCards")
    loras = {name: _by_name(card, "loras") for name, card in cards.items()}
    return Catalogue(
        cards=cards,
        loras_of=loras,
        loras=frozenset(lora for of_card in loras.values() for lora in of_card),
        providers=_by_name(providers, "models"),
        auto_names=_auto_names(section(section(document, "global"), "router")),
    )


def _by_name(holder: dict[str, Any], key: str) -> dict[str, dict[str, Any]]:
    return {name: entry for _, entry in entries(holder, key, "") if (name := text(entry, "name"))}


def _auto_names(router: dict[str, Any]) -> frozenset[str]:
    """The names that ask for a choice by the default recipe; an explicit list replaces them all, even an empty one."""
    explicit = router.get("auto_model_names")
    if isinstance(explicit, list):
        return frozenset(trimmed_names(explicit))
    return frozenset({"vllm-sr/auto", "auto", text(router, "auto_model_name").strip() or "MoM"})


def trimmed_names(names: list[Any]) -> list[str]:
    """Each name once, without surrounding whitespace, in the order of the list; what is no text is left out."""
    return list(dict.fromkeys(name.strip() for name in names if isinstance(name, str) and name.strip()))
