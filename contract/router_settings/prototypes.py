"""How many examples of a thing become few prototypes, and how a text is scored against them."""

from __future__ import annotations

from contract.fields import Part
from contract.router_settings.values import Amount, Share, Whole


class PrototypeScoring(Part):
    """Prototype banks: examples nearer than the cluster threshold become one, and a score is best_weight times the
    best prototype plus the rest times the mean of the best `top_m`.
    """

    enabled: bool = True
    cluster_similarity_threshold: Share = 0.9
    max_prototypes: Whole = 8
    best_weight: Share = 0.75
    top_m: Whole = 2
    margin_threshold: Amount = 0.0
