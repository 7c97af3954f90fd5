"""How many examples of a thing become few prototypes, and how a text is scored against them."""

from __future__ import annotations

from typing import Annotated

from contract.fields import Part, Share, says
from contract.router_settings.values import Amount, Whole


class PrototypeScoring(Part):
    """Prototype banks: examples nearer than the cluster threshold become one, and a score is best_weight times the
    best prototype plus the rest times the mean of the best `top_m`.
    """

    enabled: Annotated[bool, says("whether examples become prototypes; false: each is its own")] = True
    cluster_similarity_threshold: Annotated[Share, says("examples that are more alike than this become one")] = 0.9
    max_prototypes: Annotated[Whole, says("of one thing; 0: as many as there are")] = 8
    best_weight: Annotated[Share, says("how much the best prototype counts beside the mean")] = 0.75
    top_m: Annotated[Whole, says("how many of the best make the mean")] = 2
    margin_threshold: Annotated[Amount, says("by how much the best thing has to lead")] = 0.0
