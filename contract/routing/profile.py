"""One way of routing, as a document has it for itself and each of its recipes has its own."""

from __future__ import annotations

from typing import Annotated, Literal

from contract.fields import Items, Part, says
from contract.routing.decisions import Decision
from contract.routing.projections import Projections
from contract.routing.signals import Signals
from contract.words import choice

Strategy = Literal["priority", "confidence"]


class RoutingProfile(Part):
    """The decisions and what they are made of; without a strategy, global.router.strategy holds."""

    signals: Signals = Signals()
    projections: Projections = Projections()
    strategy: Annotated[
        Strategy | None,
        choice(Strategy, "strategy"),
        says("which of several decisions that hold is taken: the greatest priority, or the greatest confidence"),
    ] = None
    decisions: Annotated[Items[Decision], says("what may be decided; without any, the default model answers")] = ()
