"""Decisions for requests that want both text and an image: their models can give both."""

from __future__ import annotations

from typing import Any, Final

from contract.faults import FaultLog, under
from contract.plain_values import entries, section, text
from contract.routing.catalogue import Catalogue

BOTH: Final = "BOTH"
OMNI: Final = "omni"

_EACH: Final = frozenset({"ar", "diffusion"})


def check_modalities(routing: dict[str, Any], path: str, catalogue: Catalogue, log: FaultLog) -> None:
    """Looks at decisions with the modality BOTH among their first conditions; a model without a card is unknown."""
    for at, decision in entries(routing, "decisions", under(path, "decisions")):
        models = [text(ref, "model") for _, ref in entries(decision, "modelRefs", "")]
        if not _wants_both(section(decision, "rules")) or not all(model in catalogue.cards for model in models):
            continue
        given = {text(catalogue.cards[model], "modality") for model in models}
        if catalogue.cards and OMNI not in given and not given >= _EACH:
            message = (
                f"a decision on modality {BOTH!r} needs a model of modality ar and one of diffusion, or an omni one"
            )
            log.add(under(at, "modelRefs"), "reference", message, "add one, and give its card the modality")


def _wants_both(rules: dict[str, Any]) -> bool:
    leaves = [rules, *(leaf for _, leaf in entries(rules, "conditions", ""))]
    return any(text(leaf, "type").strip().lower() == "modality" and text(leaf, "name") == BOTH for leaf in leaves)
