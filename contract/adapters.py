"""LoRA adapters as models of their own: clients ask for one by its name, and its card's backends serve it."""

from __future__ import annotations

from typing import Any

from contract.faults import FaultLog, shown, under
from contract.plain_values import entries, text
from contract.workspace_document import ProviderModel, WorkspaceDocument


def served_models(document: WorkspaceDocument) -> tuple[ProviderModel, ...]:
    """Whatever clients may ask for by name: each model that is bound to places, followed by the adapters of its card.

    An adapter is served where its card's model is, and called by its own name there. A name that a model has means the
    model, one that several cards list means the adapter of the first.
    """
    adapters = {card.name: [lora.name for lora in card.loras] for card in document.routing.model_cards}
    taken = {model.name for model in document.providers.models}
    served: list[ProviderModel] = []
    for model in document.providers.models:
        served.append(model)
        for name in adapters.get(model.name, ()):
            if name not in taken:
                taken.add(name)
                served.append(_adapter(model, name))
    return tuple(served)


def check_adapters(routing: dict[str, Any], log: FaultLog) -> None:
    """Warns of adapters that nobody can reach, because their name means something else."""
    cards = list(entries(routing, "modelCards", "routing.modelCards"))
    meaning = {text(card, "name"): path for path, card in cards}
    for path, card in cards:
        for at, lora in entries(card, "loras", under(path, "loras")):
            name = text(lora, "name")
            elsewhere = meaning.setdefault(name, path)
            if name and elsewhere != path:
                message = f"is {shown(name)}, which means {elsewhere}; requests for it never reach this adapter"
                log.warn(under(at, "name"), "duplicate", message, "give it a name of its own")


def _adapter(model: ProviderModel, name: str) -> ProviderModel:
    return model.model_copy(update={"name": name, "provider_model_id": None, "external_model_ids": {}})
