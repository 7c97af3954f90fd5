"""Parameter blocks of the algorithms that ask several models, or one model several times, for one answer."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from contract.fields import BaseUrl, Items, Name, Optionally, Part, Text
from contract.routing.choices import Amount, Positive, Prompt, Unit, Whole, choice, filled, or_else

OnError = Literal["skip", "fail"]
ConfidenceMethod = Literal["avg_logprob", "margin", "hybrid", "self_verify", "automix_entailment"]
EscalationOrder = Literal["size", "small_to_large", "declared", "cost", "automix"]
TokenFilter = Literal["all", "tool_call_args"]
Distribution = Literal["weighted", "equal", "round_robin", "first_only"]
Compaction = Literal["full", "last_n_tokens"]
GroundingReference = Literal["hybrid", "context", "panel"]
GroundingPolicy = Literal["weight", "annotate", "filter"]
WorkflowMode = Literal["static", "dynamic"]

RETIRED_FILTERS: Final = {"alpha_numeric": "all"}
RETIRED_COMPACTIONS: Final = {"summarize": "last_n_tokens"}

_Skip = Annotated[OnError, choice(OnError, "on_error", "skip")]
_Fail = Annotated[OnError, choice(OnError, "on_error", "fail")]


_Share = Annotated[Unit, AfterValidator(lambda share: share or 0.5)]


class HybridWeights(Part):
    """Shares of the two measures of `confidence_method: hybrid`; together 1, and 0 counts as 0.5."""

    logprob_weight: _Share = 0.5
    margin_weight: _Share = 0.5


class Confidence(Part):
    """Small models first; a larger one is asked when the answer is not sure enough.

    `hybrid_weights` belongs to the method hybrid, the verifier to automix_entailment; 0 seconds means its own default.
    """

    confidence_method: Annotated[ConfidenceMethod, choice(ConfidenceMethod, "confidence_method", "avg_logprob")] = (
        "avg_logprob"
    )
    threshold: Unit | None = None
    hybrid_weights: HybridWeights = HybridWeights()
    on_error: _Skip = "skip"
    escalation_order: Annotated[EscalationOrder | None, choice(EscalationOrder, "escalation_order")] = None
    cost_quality_tradeoff: Unit | None = None
    token_filter: Annotated[TokenFilter, choice(TokenFilter, "token_filter", "all", RETIRED_FILTERS)] = "all"  # noqa: S105 - no secret
    verifier_server_url: Optionally[BaseUrl] = None
    verifier_timeout_seconds: Whole = 0


class Ratings(Part):
    """Every candidate answers, within bounds; 0 sets no bound."""

    max_concurrent: Whole = 0
    on_error: _Skip = "skip"


class ReMoM(Part):
    """Rounds of parallel answers, each round as broad as the schedule says, and a synthesis; 0 sets no bound."""

    breadth_schedule: Annotated[Items[Positive], filled("breadth_schedule")]
    model_distribution: Annotated[Distribution, choice(Distribution, "model_distribution", "weighted")] = "weighted"
    temperature: Amount = 1.0
    include_reasoning: bool = False
    compaction_strategy: Annotated[
        Compaction, choice(Compaction, "compaction_strategy", "full", RETIRED_COMPACTIONS)
    ] = "full"
    compaction_tokens: Whole = 1000
    synthesis_template: Prompt = ""
    synthesis_model: Optionally[Name] = None
    max_concurrent: Whole = 0
    max_completion_tokens: Positive | None = None
    round_timeout_seconds: Whole = 0
    min_successful_responses: Whole = 0
    on_error: _Skip = "skip"
    shuffle_seed: Annotated[int, Field(ge=-(2**53), le=2**53)] = 42
    include_intermediate_responses: bool = True
    max_responses_per_round: Whole = 0


class FusionOverride(Part):
    """How one analysis model is asked, where it differs from the others."""

    model: Name
    temperature: Amount | None = None
    max_completion_tokens: Whole = 0


class Grounding(Part):
    """How faithful each answer of the panel is, before the judge sees it."""

    enabled: bool = False
    reference: Annotated[GroundingReference, choice(GroundingReference, "grounding.reference", "hybrid")] = "hybrid"
    policy: Annotated[GroundingPolicy, choice(GroundingPolicy, "grounding.policy", "weight")] = "weight"
    min_score: Unit = 0.0
    min_keep: Whole = 1
    nli_contradiction_penalty: Amount = 1.0
    on_error: _Skip = "skip"


class Fusion(Part):
    """A panel answers, a judge (`model`) analyses and joins the answers; 0 sets no bound."""

    model: Optionally[Name] = None
    analysis_models: Items[Name] = ()
    analysis_overrides: Items[FusionOverride] = ()
    max_concurrent: Whole = 0
    max_completion_tokens: Whole = 0
    round_timeout_seconds: Whole = 0
    min_successful_responses: Whole = 0
    temperature: Amount | None = None
    include_analysis: bool = True
    include_intermediate_responses: bool = True
    on_error: _Skip = "skip"
    analysis_template: Prompt = ""
    synthesis_template: Prompt = ""
    judge_prompt_version: Annotated[Text, or_else("fusion-v1")] = "fusion-v1"
    grounding: Grounding = Grounding()


class WorkflowRole(Part):
    """One step of a static workflow; `access_list` names earlier roles whose answers it sees."""

    name: Name
    models: Annotated[Items[Name], filled("models")]
    prompt: Prompt = ""
    access_list: Items[Name] = ()


class WorkflowFinal(Part):
    """Who writes the last answer, and how it is told to."""

    model: Optionally[Name] = None
    prompt: Prompt = ""


class WorkflowPlanner(Part):
    """The model that plans a dynamic workflow; 0 sets no bound."""

    model: Optionally[Name] = None
    max_completion_tokens: Whole = 0


class Workflows(Part):
    """Steps of several models: `static` runs the roles in order, `dynamic` lets the planner choose."""

    mode: Annotated[WorkflowMode, choice(WorkflowMode, "mode", "static")] = "static"
    template: Annotated[Text, or_else("micro_agent")] = "micro_agent"
    roles: Items[WorkflowRole] = ()
    final: WorkflowFinal = WorkflowFinal()
    planner: WorkflowPlanner = WorkflowPlanner()
    max_steps: Whole = 3
    max_parallel: Whole = 2
    max_completion_tokens: Whole = 0
    round_timeout_seconds: Whole = 0
    min_successful_responses: Whole = 0
    temperature: Amount | None = None
    include_intermediate_responses: bool = True
    on_error: _Fail = "fail"
