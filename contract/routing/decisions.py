"""A decision: when it holds, which models may answer, how one is chosen, and what happens to request and answer."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from contract.fields import Items, Name, Optionally, Part, Text, refuse, says
from contract.routing.algorithms import Algorithm
from contract.routing.output_contract import OutputContractSpec
from contract.routing.plugins import Plugin
from contract.routing.rule_nodes import RuleNode
from contract.routing.values import Amount, Payload, Prompt, Whole
from contract.words import choice

IterationSource = Literal["decision.candidates", "models"]
IterationOutput = Literal["model"]
EmitKind = Literal["retention"]
AdaptationMode = Literal["apply", "observe", "bypass"]
CandidateSet = Literal["decision", "tier", "global"]

MOST_ANNOTATIONS: Final = 32
MOST_ANNOTATION_BYTES: Final = 4096

_LESS: Final = "keep what must travel with the decision alone"


def _bounded(annotations: dict[str, Any]) -> dict[str, Any]:
    if len(annotations) > MOST_ANNOTATIONS:
        raise refuse("too_large", f"annotations cannot contain more than {MOST_ANNOTATIONS} keys", _LESS)
    written = json.dumps(annotations, ensure_ascii=False, separators=(",", ":")).encode()
    if len(written) > MOST_ANNOTATION_BYTES:
        raise refuse("too_large", f"annotations cannot exceed {MOST_ANNOTATION_BYTES} bytes of JSON", _LESS)
    return annotations


class ModelRef(Part):
    """A model that may answer, how much it weighs and how it is told to reason."""

    model: Annotated[Name, says("a card, or an adapter of one")]
    lora_name: Annotated[Optionally[Name], says("an adapter of that card, which is asked for in its place")] = None
    weight: Annotated[Amount | None, says("how much it counts beside the others, for algorithms that weigh")] = None
    use_reasoning: Annotated[bool, says("whether the model is told to reason")] = False
    reasoning_description: Annotated[Text, says("why it should, for people")] = ""
    reasoning_effort: Annotated[
        Optionally[Name], says("how much it is told to reason; not written: the default of providers.defaults")
    ] = None


class IterationResult(Part):
    """What an iteration feeds: the model that its variable stands for."""

    type: Annotated[IterationOutput, choice(IterationOutput, "output type"), says("what it feeds")]
    value: Annotated[Text, says("what is handed on of the candidate")] = ""


class CandidateIteration(Part):
    """A variable that stands for each candidate in turn: the decision's own models, or those listed."""

    variable: Annotated[Name, says("what the candidate in turn is called")]
    source: Annotated[
        IterationSource,
        choice(IterationSource, "source"),
        says("whose candidates: the decision's own, or those listed under models"),
    ]
    models: Annotated[Items[ModelRef], says("the candidates, where the source is models")] = ()
    outputs: Annotated[Items[IterationResult], says("what each turn feeds")] = ()


class Retention(Part):
    """What is kept of a session and its cache entry; what is absent is left as it is."""

    drop: Annotated[bool | None, says("true: nothing of the session is kept")] = None
    ttl_turns: Annotated[Whole | None, says("for how many further turns it is kept")] = None
    keep_current_model: Annotated[bool | None, says("true: the next turn stays with the model that answered")] = None
    prefer_prefix_retention: Annotated[
        bool | None, says("true: keeping what the provider has cached of the prompt comes first")
    ] = None


class Emit(Part):
    """A side effect of the decision; retention is the only kind."""

    kind: Annotated[EmitKind, choice(EmitKind, "kind"), says("what kind of side effect")]
    retention: Retention


class DecisionAdaptation(Part):
    """Learning which model to choose; without a mode it follows the decision's."""

    mode: Annotated[
        AdaptationMode | None,
        choice(AdaptationMode, "mode"),
        says("whether learned choices are applied, only observed, or passed over"),
    ] = None
    candidate_set: Annotated[
        CandidateSet | None,
        choice(CandidateSet, "adaptations.adaptation.candidate_set"),
        says("among which models it chooses: the decision's, those of its tier, or all"),
    ] = None


class DecisionProtection(Part):
    """Learning when to stay with a model; without a mode it follows the decision's."""

    mode: Annotated[
        AdaptationMode | None,
        choice(AdaptationMode, "mode"),
        says("whether staying is applied, only observed, or passed over"),
    ] = None
    stability_weight: Annotated[Amount | None, says("how much staying counts beside the better choice")] = None
    switch_margin: Annotated[Amount | None, says("by how much another model has to be better before it is taken")] = (
        None
    )


class Adaptations(Part):
    """What of the learning that is on globally this decision applies, only observes, or goes without."""

    mode: Annotated[
        AdaptationMode,
        choice(AdaptationMode, "mode", "apply"),
        says("whether learning is applied, only observed, or passed over"),
    ] = "apply"
    adaptation: DecisionAdaptation = DecisionAdaptation()
    protection: DecisionProtection = DecisionProtection()


class Decision(Part):
    """When `rules` hold (or are left out), one of `modelRefs` answers; lower tiers and higher priorities come first."""

    name: Annotated[Optionally[Name], says("what answers and records call it; unique")] = None
    description: Annotated[Text, says("for people")] = ""
    priority: Annotated[
        int, Field(ge=-(2**53), le=2**53), says("of the decisions that hold the greatest comes first")
    ] = 0
    tier: Annotated[
        Whole, says("lower tiers come first, before confidence and priority, as soon as one that holds is above 0")
    ] = 0
    rules: RuleNode = RuleNode()
    model_refs: Annotated[Items[ModelRef], says("which models may answer; none: the default model does")] = Field(
        default=(), alias="modelRefs"
    )
    algorithm: Algorithm | None = None
    plugins: Annotated[Items[Plugin], says("what happens to the request and its answer besides; one of each type")] = ()
    annotations: Annotated[
        Payload,
        AfterValidator(_bounded),
        says("words for whoever reads decisions; at most 32 keys and 4096 bytes of JSON"),
    ] = {}
    emits: Annotated[Items[Emit], says("side effects of taking it")] = ()
    candidate_iterations: Annotated[
        Items[CandidateIteration], says("variables that stand for one candidate after the other")
    ] = Field(default=(), alias="candidateIterations")
    output_contract: Annotated[Prompt, says("what an answer has to be like, told to the model")] = ""
    output_contract_spec: OutputContractSpec | None = None
    adaptations: Adaptations = Adaptations()
