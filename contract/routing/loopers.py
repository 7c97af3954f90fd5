"""Parameter blocks of the algorithms that ask several models, or one model several times, for one answer."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from contract.fields import BaseUrl, Items, Name, Optionally, Part, Share, Text, says
from contract.routing.values import Amount, Positive, Prompt, Whole, filled, or_else
from contract.words import choice

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


_HalfIfZero = Annotated[Share, AfterValidator(lambda share: share or 0.5)]


class HybridWeights(Part):
    """Shares of the two measures of `confidence_method: hybrid`; together 1, and 0 counts as 0.5."""

    logprob_weight: Annotated[_HalfIfZero, says("of the mean probability of the answer's tokens")] = 0.5
    margin_weight: Annotated[_HalfIfZero, says("of the distance to the second likeliest tokens")] = 0.5


class Confidence(Part):
    """Small models first; a larger one is asked when the answer is not sure enough.

    `hybrid_weights` belongs to the method hybrid, the verifier to automix_entailment; 0 seconds means its own default.
    """

    confidence_method: Annotated[
        ConfidenceMethod,
        choice(ConfidenceMethod, "confidence_method", "avg_logprob"),
        says("how it is measured how sure an answer is"),
    ] = "avg_logprob"
    threshold: Annotated[Share | None, says("how sure it has to be to stand; not written: as the method has it")] = None
    hybrid_weights: HybridWeights = HybridWeights()
    on_error: Annotated[
        _Skip, says("what becomes of a model that fails: the next one is asked, or the request fails")
    ] = "skip"
    escalation_order: Annotated[
        EscalationOrder | None, choice(EscalationOrder, "escalation_order"), says("in which order models are asked")
    ] = None
    cost_quality_tradeoff: Annotated[
        Share | None, says("of the order automix: how much price counts beside quality")
    ] = None
    token_filter: Annotated[
        TokenFilter,
        choice(TokenFilter, "token_filter", "all", RETIRED_FILTERS),
        says("which tokens are measured: all, or those of the arguments of tool calls"),
    ] = "all"  # noqa: S105 - no secret
    verifier_server_url: Annotated[
        Optionally[BaseUrl], says("of automix_entailment: the server that judges answers")
    ] = None
    verifier_timeout_seconds: Annotated[Whole, says("how long it may take")] = 0


class Ratings(Part):
    """Every candidate answers, within bounds; 0 sets no bound."""

    max_concurrent: Annotated[Whole, says("how many models are asked at once")] = 0
    on_error: Annotated[_Skip, says("what becomes of a model that fails: it is passed over, or the request fails")] = (
        "skip"
    )


class ReMoM(Part):
    """Rounds of parallel answers, each round as broad as the schedule says, and a synthesis; 0 sets no bound."""

    breadth_schedule: Annotated[
        Items[Positive], filled("breadth_schedule"), says("how many answers each round asks for")
    ]
    model_distribution: Annotated[
        Distribution,
        choice(Distribution, "model_distribution", "weighted"),
        says("how a round's answers are shared out among the models"),
    ] = "weighted"
    temperature: Annotated[Amount, says("of the answers")] = 1.0
    include_reasoning: Annotated[bool, says("whether a round sees the reasoning of the one before")] = False
    compaction_strategy: Annotated[
        Compaction,
        choice(Compaction, "compaction_strategy", "full", RETIRED_COMPACTIONS),
        says("what of an answer the next round sees: all, or its last tokens"),
    ] = "full"
    compaction_tokens: Annotated[Whole, says("how many, with last_n_tokens")] = 1000
    synthesis_template: Annotated[
        Prompt, says("how the last model is told to make one answer of them; empty: the router's own words")
    ] = ""
    synthesis_model: Annotated[Optionally[Name], says("which model that is: one of modelRefs")] = None
    max_concurrent: Annotated[Whole, says("how many models are asked at once")] = 0
    max_completion_tokens: Annotated[Positive | None, says("tokens of an answer; not written: no bound")] = None
    round_timeout_seconds: Annotated[Whole, says("how long a round may take")] = 0
    min_successful_responses: Annotated[Whole, says("how many answers a round needs")] = 0
    on_error: Annotated[
        _Skip, says("what becomes of an answer that fails: it is passed over, or the request fails")
    ] = "skip"
    shuffle_seed: Annotated[
        int,
        Field(ge=-(2**53), le=2**53),
        says("of the order in which answers are shown; the same seed gives the same order"),
    ] = 42
    include_intermediate_responses: Annotated[bool, says("whether the answer carries those of the rounds")] = True
    max_responses_per_round: Annotated[Whole, says("how many answers of a round are kept")] = 0


class FusionOverride(Part):
    """How one analysis model is asked, where it differs from the others."""

    model: Annotated[Name, says("which of the analysis models")]
    temperature: Annotated[Amount | None, says("of its answers; not written: that of all")] = None
    max_completion_tokens: Annotated[Whole, says("tokens of its answers; 0: the bound of all")] = 0


class Grounding(Part):
    """How faithful each answer of the panel is, before the judge sees it."""

    enabled: Annotated[bool, says("whether answers are scored")] = False
    reference: Annotated[
        GroundingReference,
        choice(GroundingReference, "grounding.reference", "hybrid"),
        says("what they are held against: the request's context, the other answers, or both"),
    ] = "hybrid"
    policy: Annotated[
        GroundingPolicy,
        choice(GroundingPolicy, "grounding.policy", "weight"),
        says("what a score does: it weighs, it is noted, or low ones are left out"),
    ] = "weight"
    min_score: Annotated[Share, says("of filter: what is below is left out")] = 0.0
    min_keep: Annotated[Whole, says("of filter: how many are kept whatever their score")] = 1
    nli_contradiction_penalty: Annotated[Amount, says("what each contradiction with another answer takes away")] = 1.0
    on_error: Annotated[_Skip, says("what happens when scoring fails: it is gone without, or the request fails")] = (
        "skip"
    )


class Fusion(Part):
    """A panel answers, a judge (`model`) analyses and joins the answers; 0 sets no bound."""

    model: Annotated[
        Optionally[Name], says("who makes one answer of them; not written: the first of the decision's models")
    ] = None
    analysis_models: Annotated[Items[Name], says("who answers first; none: the decision's models")] = ()
    analysis_overrides: Annotated[Items[FusionOverride], says("how single ones of them are asked")] = ()
    max_concurrent: Annotated[Whole, says("how many are asked at once; 0 sets no bound")] = 0
    max_completion_tokens: Annotated[Whole, says("tokens of an answer; 0 sets no bound")] = 0
    round_timeout_seconds: Annotated[Whole, says("how long all of them together may take; 0 sets no bound")] = 0
    min_successful_responses: Annotated[Whole, says("how many answers are needed; 0 sets no bound")] = 0
    temperature: Annotated[Amount | None, says("of the answers")] = None
    include_analysis: Annotated[bool, says("whether the answer carries what was found in comparing")] = True
    include_intermediate_responses: Annotated[bool, says("whether the answer carries those of the analysis models")] = (
        True
    )
    on_error: Annotated[_Skip, says("what becomes of a model that fails: it is passed over, or the request fails")] = (
        "skip"
    )
    analysis_template: Annotated[Prompt, says("how answers are compared; empty: the router's own words")] = ""
    synthesis_template: Annotated[Prompt, says("how one answer is made of them; empty: the router's own words")] = ""
    judge_prompt_version: Annotated[Text, or_else("fusion-v1"), says("which of the router's own words are used")] = (
        "fusion-v1"
    )
    grounding: Grounding = Grounding()


class WorkflowRole(Part):
    """One step of a static workflow; `access_list` names earlier roles whose answers it sees."""

    name: Annotated[Name, says("what later roles call it; unique")]
    models: Annotated[Items[Name], filled("models"), says("who may fill the role")]
    prompt: Annotated[Prompt, says("what it is told")] = ""
    access_list: Annotated[Items[Name], says("whose answers it sees: names of earlier roles")] = ()


class WorkflowFinal(Part):
    """Who writes the last answer, and how it is told to."""

    model: Annotated[Optionally[Name], says("not written: one of the decision's models")] = None
    prompt: Annotated[Prompt, says("what it is told")] = ""


class WorkflowPlanner(Part):
    """The model that plans a dynamic workflow; 0 sets no bound."""

    model: Annotated[Optionally[Name], says("the model; needed where the mode is dynamic")] = None
    max_completion_tokens: Annotated[Whole, says("tokens of a plan")] = 0


class Workflows(Part):
    """Steps of several models: `static` runs the roles in order, `dynamic` lets the planner choose."""

    mode: Annotated[
        WorkflowMode,
        choice(WorkflowMode, "mode", "static"),
        says("whether the roles are written down or planned for each request"),
    ] = "static"
    template: Annotated[Text, or_else("micro_agent"), says("which kind of workflow the planner makes")] = "micro_agent"
    roles: Annotated[Items[WorkflowRole], says("of static: the steps, in order")] = ()
    final: WorkflowFinal = WorkflowFinal()
    planner: WorkflowPlanner = WorkflowPlanner()
    max_steps: Annotated[Whole, says("steps in all")] = 3
    max_parallel: Annotated[Whole, says("steps at once")] = 2
    max_completion_tokens: Annotated[Whole, says("tokens of a step; 0 sets no bound")] = 0
    round_timeout_seconds: Annotated[Whole, says("how long a step may take; 0 sets no bound")] = 0
    min_successful_responses: Annotated[Whole, says("how many answers a step needs; 0 sets no bound")] = 0
    temperature: Annotated[Amount | None, says("of the answers")] = None
    include_intermediate_responses: Annotated[bool, says("whether the answer carries those of the steps")] = True
    on_error: Annotated[_Fail, says("what becomes of a step that fails: it is passed over, or the request fails")] = (
        "fail"
    )
