"""How one of a decision's models is chosen, or several are asked: the algorithm and the blocks of those that choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator

from contract.faults import shown
from contract.fields import Name, Part, Share, Text, refuse, says
from contract.routing.loopers import Confidence, Fusion, Ratings, ReMoM, Workflows
from contract.routing.values import Amount, Percentile, Prompt, Whole, filled
from contract.selectors import Hybrid, RouterDC
from contract.words import choice, way_out

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


class AutoMix(Part):
    """Weighs what a better model would cost against what its answer would gain."""

    verification_threshold: Annotated[Share, says("how sure an answer has to be to stand")] = 0.7
    max_escalations: Annotated[Whole, says("how often a better model may be asked")] = 2
    cost_aware_routing: Annotated[bool, says("whether prices count")] = True
    cost_quality_tradeoff: Annotated[Share, says("how much price counts beside quality; 0 is quality alone")] = 0.3
    discount_factor: Annotated[Share, says("how much a later gain counts beside one now")] = 0.95
    use_logprob_verification: Annotated[
        bool, says("whether the probabilities of the answer's tokens tell how sure it is")
    ] = True


class FactorWeights(Part):
    """Weights of the four factors; once given they replace all four, and what is left out weighs nothing."""

    quality: Annotated[Amount, says("of the card's quality_score")] = 0.0
    latency: Annotated[Amount, says("of the observed latency; lower is better")] = 0.0
    cost: Annotated[Amount, says("of the price; lower is better")] = 0.0
    load: Annotated[Amount, says("of the requests under way; fewer are better")] = 0.0


class ServiceObjectives(Part):
    """Ceilings above which a candidate is dropped; 0 is no ceiling."""

    max_tpot_ms: Annotated[Amount, says("milliseconds to an output token")] = 0.0
    max_ttft_ms: Annotated[Amount, says("milliseconds to the first token")] = 0.0
    max_cost_per_1m: Annotated[Amount, says("price of 1,000,000 tokens")] = 0.0
    max_inflight: Annotated[Whole, says("requests under way")] = 0


class MultiFactor(Part):
    """Scores quality, latency, cost and load; without weights all four count the same."""

    weights: FactorWeights | None = None
    slo: ServiceObjectives = ServiceObjectives()
    latency_percentile: Annotated[Percentile, says("which percentile of the observed latencies counts")] = 95
    on_no_candidates: Annotated[
        OnNoCandidates,
        choice(OnNoCandidates, "on_no_candidates", "cheapest"),
        says("what answers when the ceilings leave none: the cheapest, the first, or an error"),
    ] = "cheapest"


class LatencyAware(Part):
    """Chooses the fastest by observed percentiles: time per output token, time to first token, or both."""

    tpot_percentile: Annotated[
        Percentile | None, says("of the times to an output token; at least one of the two is given")
    ] = None
    ttft_percentile: Annotated[Percentile | None, says("of the times to the first token")] = None
    description: Annotated[Text, says("for people")] = ""


class PromptSelection(Part):
    """A model is told how to choose among the decision's models; 0 seconds means its own default."""

    model: Annotated[Name, says("the model that chooses")]
    instructions: Annotated[Prompt, filled("instructions", "are required"), says("how it is told to choose")]
    timeout_seconds: Annotated[Whole, says("how long it may take")] = 0


class Algorithm(Part):
    """A type and at most one block of parameters, that of the type; static, knn, kmeans, svm and mlp take none."""

    type: Annotated[
        AlgorithmType, BeforeValidator(_algorithm_type), says("how a model is chosen, or how several are asked")
    ]
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
    on_error: Annotated[
        AlgorithmOnError | None,
        choice(AlgorithmOnError, "on_error"),
        says("what becomes of a request when the algorithm fails"),
    ] = None


ALGORITHM_BLOCKS: Final = tuple(name for name in Algorithm.model_fields if name in ALGORITHM_TYPES)
