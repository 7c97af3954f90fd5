"""Selectors that both a decision and the router's settings may write out: what each of them goes by."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field

from contract.fields import Part, Share, says


class RouterDC(Part):
    """Chooses the model whose description is nearest to the request."""

    temperature: Annotated[
        float, Field(gt=0, le=1e6), says("how sharply likeness tells models apart; lower is sharper")
    ] = 0.07
    dimension_size: Annotated[int, Field(ge=1, le=1_000_000), says("numbers in an embedding")] = 768
    min_similarity: Annotated[Share, says("the least likeness at which a model is chosen")] = 0.3
    use_query_contrastive: Annotated[bool, says("whether it learns by contrast between requests")] = True
    use_model_contrastive: Annotated[bool, says("whether it learns by contrast between models")] = True
    require_descriptions: Annotated[bool, says("whether a model without a description is no candidate")] = False
    use_capabilities: Annotated[bool, says("whether a card's capabilities count as part of its description")] = True


class Hybrid(Part):
    """Joins the scores of other selectors; the weights need not add up to 1, but some must be above 0.

    `elo_weight` is the earlier name of `experience_weight`.
    """

    experience_weight: Annotated[Share, says("of what is known from earlier requests")] = Field(
        default=0.3, validation_alias=AliasChoices("experience_weight", "elo_weight")
    )
    router_dc_weight: Annotated[Share, says("of likeness to the model's description")] = 0.3
    automix_weight: Annotated[Share, says("of the gain that a better model promises")] = 0.2
    cost_weight: Annotated[Share, says("of the price")] = 0.2
    quality_gap_threshold: Annotated[
        Share, says("models that are nearer than this in quality count as equally good")
    ] = 0.1
    normalize_scores: Annotated[bool, says("whether each selector's scores are brought to 0 to 1 first")] = True
