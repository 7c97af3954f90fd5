"""How one of a decision's models is chosen, or several are asked: the algorithm and the blocks of those that choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AliasChoices, BeforeValidator, Field

from contract.faults import shown
from contract.fields import Name, Part, Text, refuse
from contract.routing.choices import Amount, Percentile, Prompt, Unit, Whole, choice, filled
from contract.routing.loopers import Confidence, Fusion, Ratings, ReMoM, Workflows
from contract.words import way_out

AlgorithmType = Literal[
    "static",
    "router_dc",
    "automix",
    "hybrid",
    "knn",
    "kmeans",
    "svm",
    "mlp",
    "multi_factor",
    "latency_aware",
    "prompt",
    "confidence",
    "ratings",
    "remom",
    "fusion",
    "workflows",
]
AlgorithmOnError = Literal["skip", "fail", "fallback"]
OnNoCandidates = Literal["cheapest", "first", "fail"]

ALGORITHM_TYPES: Final[tuple[str, ...]] = get_args(AlgorithmType)

LEARNING: Final = "global.router.learning.adaptation"
REMOVED_ALGORITHMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("elo", "rl_driven", "gmtrouter", "bandit", "personalization"), LEARNING),
    "session_aware": "global.router.learning.protection",
}


def _algorithm_type(value: Any) -> Any:
    if not isinstance(value, str) or value in ALGORITHM_TYPES:
        return value
    word = value.strip().lower()
    if word in REMOVED_ALGORITHMS:
        message = f"algorithm.type={word} is no longer supported: it has moved to {REMOVED_ALGORITHMS[word]}"
        raise refuse("deprecated", message, "name a type that chooses within one request, or take the algorithm out")
    if word in ALGORITHM_TYPES:
        raise refuse("value", f"algorithm.type {shown(value)} must be written in lower case", f"write {word}")
    raise refuse("value", f"unsupported algorithm.type {shown(value)}", way_out(value, ALGORITHM_TYPES))


class RouterDC(Part):
    """Chooses the model whose description is nearest to the request."""

    temperature: Annotated[float, Field(gt=0, le=1e6)] = 0.07
    dimension_size: Annotated[int, Field(ge=1, le=1_000_000)] = 768
    min_similarity: Unit = 0.3
    use_query_contrastive: bool = True
    use_model_contrastive: bool = True
    require_descriptions: bool = False
    use_capabilities: bool = True


class AutoMix(Part):
    """Weighs what a better model would cost against what its answer would gain."""

    verification_threshold: Unit = 0.7
    max_escalations: Whole = 2
    cost_aware_routing: bool = True
    cost_quality_tradeoff: Unit = 0.3
    discount_factor: Unit = 0.95
    use_logprob_verification: bool = True


class Hybrid(Part):
    """Joins the scores of other selectors; the weights need not add up to 1, but some must be above 0.

    `elo_weight` is the earlier name of `experience_weight`.
    """

    experience_weight: Unit = Field(default=0.3, validation_alias=AliasChoices("experience_weight", "elo_weight"))
    router_dc_weight: Unit = 0.3
    automix_weight: Unit = 0.2
    cost_weight: Unit = 0.2
    quality_gap_threshold: Unit = 0.1
    normalize_scores: bool = True


class FactorWeights(Part):
    """Weights of the four factors; once given they replace all four, and what is left out weighs nothing."""

    quality: Amount = 0.0
    latency: Amount = 0.0
    cost: Amount = 0.0
    load: Amount = 0.0


class ServiceObjectives(Part):
    """Ceilings above which a candidate is dropped; 0 is no ceiling."""

    max_tpot_ms: Amount = 0.0
    max_ttft_ms: Amount = 0.0
    max_cost_per_1m: Amount = 0.0
    max_inflight: Whole = 0


class MultiFactor(Part):
    """Scores quality, latency, cost and load; without weights all four count the same."""

    weights: FactorWeights | None = None
    slo: ServiceObjectives = ServiceObjectives()
    latency_percentile: Percentile = 95
    on_no_candidates: Annotated[OnNoCandidates, choice(OnNoCandidates, "on_no_candidates", "cheapest")] = "cheapest"


class LatencyAware(Part):
    """Chooses the fastest by observed percentiles: time per output token, time to first token, or both."""

    tpot_percentile: Percentile | None = None
    ttft_percentile: Percentile | None = None
    description: Text = ""


class PromptSelection(Part):
    """A model is told how to choose among the decision's models; 0 seconds means its own default."""

    model: Name
    instructions: Annotated[Prompt, filled("instructions", "are required")]
    timeout_seconds: Whole = 0


class Algorithm(Part):
    """A type and at most one block of parameters, that of the type; static, knn, kmeans, svm and mlp take none."""

    type: Annotated[AlgorithmType, BeforeValidator(_algorithm_type)]
    router_dc: RouterDC | None = None
    automix: AutoMix | None = None
    hybrid: Hybrid | None = None
    multi_factor: MultiFactor | None = None
    latency_aware: LatencyAware | None = None
    prompt: PromptSelection | None = None
    confidence: Confidence | None = None
    ratings: Ratings | None = None
    remom: ReMoM | None = None
    fusion: Fusion | None = None
    workflows: Workflows | None = None
    on_error: Annotated[AlgorithmOnError | None, choice(AlgorithmOnError, "on_error")] = None


ALGORITHM_BLOCKS: Final = tuple(name for name in Algorithm.model_fields if name in ALGORITHM_TYPES)
