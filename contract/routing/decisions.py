"""A decision: when it holds, which models may answer, how one is chosen, and what happens to request and answer."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from contract.fields import Items, Name, Optionally, Part, Text, refuse
from contract.routing.algorithms import Algorithm
from contract.routing.choices import Amount, Payload, Prompt, Whole, choice
from contract.routing.output_contract import OutputContractSpec
from contract.routing.plugins import Plugin
from contract.routing.rule_nodes import RuleNode

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

    model: Name
    lora_name: Optionally[Name] = None
    weight: Amount | None = None
    use_reasoning: bool = False
    reasoning_description: Text = ""
    reasoning_effort: Optionally[Name] = None


class IterationResult(Part):
    """What an iteration feeds: the model that its variable stands for."""

    type: Annotated[IterationOutput, choice(IterationOutput, "output type")]
    value: Text = ""


class CandidateIteration(Part):
    """A variable that stands for each candidate in turn: the decision's own models, or those listed."""

    variable: Name
    source: Annotated[IterationSource, choice(IterationSource, "source")]
    models: Items[ModelRef] = ()
    outputs: Items[IterationResult] = ()


class Retention(Part):
    """What is kept of a session and its cache entry; what is absent is left as it is."""

    drop: bool | None = None
    ttl_turns: Whole | None = None
    keep_current_model: bool | None = None
    prefer_prefix_retention: bool | None = None


class Emit(Part):
    """A side effect of the decision; retention is the only kind."""

    kind: Annotated[EmitKind, choice(EmitKind, "kind")]
    retention: Retention


class DecisionAdaptation(Part):
    """Learning which model to choose; without a mode it follows the decision's."""

    mode: Annotated[AdaptationMode | None, choice(AdaptationMode, "mode")] = None
    candidate_set: Annotated[CandidateSet | None, choice(CandidateSet, "adaptations.adaptation.candidate_set")] = None


class DecisionProtection(Part):
    """Learning when to stay with a model; without a mode it follows the decision's."""

    mode: Annotated[AdaptationMode | None, choice(AdaptationMode, "mode")] = None
    stability_weight: Amount | None = None
    switch_margin: Amount | None = None


class Adaptations(Part):
    """What of the learning that is on globally this decision applies, only observes, or goes without."""

    mode: Annotated[AdaptationMode, choice(AdaptationMode, "mode", "apply")] = "apply"
    adaptation: DecisionAdaptation = DecisionAdaptation()
    protection: DecisionProtection = DecisionProtection()


class Decision(Part):
    """When `rules` hold (or are left out), one of `modelRefs` answers; lower tiers and higher priorities come first."""

    name: Optionally[Name] = None
    description: Text = ""
    priority: Annotated[int, Field(ge=-(2**53), le=2**53)] = 0
    tier: Whole = 0
    rules: RuleNode = RuleNode()
    model_refs: Items[ModelRef] = Field(default=(), alias="modelRefs")
    algorithm: Algorithm | None = None
    plugins: Items[Plugin] = ()
    annotations: Annotated[Payload, AfterValidator(_bounded)] = {}
    emits: Items[Emit] = ()
    candidate_iterations: Items[CandidateIteration] = Field(default=(), alias="candidateIterations")
    output_contract: Prompt = ""
    output_contract_spec: OutputContractSpec | None = None
    adaptations: Adaptations = Adaptations()
