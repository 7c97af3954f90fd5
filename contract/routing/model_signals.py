"""Signals that a trained model or a language model judges: facts, feedback, attacks, personal data, labels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from contract.faults import shown
from contract.fields import Items, Name, Optionally, Part, Text, refuse, says
from contract.routing.text_signals import Words
from contract.words import known_word

JailbreakMethod = Literal["classifier", "contrastive", "hybrid"]
TargetKind = Literal["label", "group"]
KbMatch = Literal["best", "threshold"]
ClassifierType = Literal["local", "llm"]


def _without_colon(name: str) -> str:
    if ":" in name:
        raise refuse("value", f"{shown(name)} cannot contain ':', which joins a classifier and its label")
    return name


ScoreName = Annotated[Name, AfterValidator(_without_colon)]


class FactCheckRule(Part):
    """Whether an answer wants checking against facts."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("for people")] = ""


class UserFeedbackRule(Part):
    """What a user thinks of the last answer."""

    name: Annotated[Name, says("what rules call it: the feedback that is meant; unique in its family")]
    description: Annotated[Text, says("for people")] = ""


class JailbreakRule(Part):
    """Attempts to talk a model out of its rules, by a classifier or by likeness to known attempts (`contrastive`)."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    method: Annotated[
        JailbreakMethod,
        known_word(JailbreakMethod, "method", str.lower, "classifier"),
        says("by a classifier, by likeness to patterns, or both"),
    ] = "classifier"
    threshold: Annotated[float, says("the least score that matches")]
    include_history: Annotated[bool, says("whether earlier messages are looked at, too")] = False
    jailbreak_patterns: Annotated[Items[Words], says("known attempts, for contrastive and hybrid")] = ()
    benign_patterns: Annotated[Items[Words], says("harmless texts to tell them from, for contrastive and hybrid")] = ()


class PiiRule(Part):
    """Personal data of a kind that is not in `pii_types_allowed`."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    threshold: Annotated[float, says("the least confidence that personal data was found")]
    pii_types_allowed: Annotated[Items[Name], says("kinds of personal data that do not match")] = ()
    include_history: Annotated[bool, says("whether earlier messages are looked at, too")] = False


class KbTarget(Part):
    """A label or a group of labels of the knowledge base."""

    kind: Annotated[
        TargetKind, known_word(TargetKind, "target.kind"), says("whether value names a label or a group of labels")
    ]
    value: Annotated[Name, says("the label or group, as the knowledge base declares it")]


class KbRule(Part):
    """Likeness to a label or group of a knowledge base: the best one of all, or any above the threshold."""

    name: Annotated[Name, says("what rules call it; unique in its family")]
    kb: Annotated[Name, says("the knowledge base, one of global.model_catalog.kbs")]
    target: KbTarget
    match: Annotated[
        KbMatch,
        known_word(KbMatch, "match", str.lower, "threshold"),
        says("the best of all alone, or any above its threshold"),
    ] = "threshold"


class ClassifierRule(Part):
    """Scores labels, by a model on disk (`local`, two labels) or by an external one that is told how (`llm`)."""

    name: Annotated[ScoreName, says("what rules call it, without a colon; unique in its family")]
    description: Annotated[Text, says("for people")] = ""
    type: Annotated[
        ClassifierType, known_word(ClassifierType, "type"), says("a model on the router's disk, or an external one")
    ]
    model: Annotated[Optionally[Name], says("of llm: one of global.model_catalog.external")] = None
    model_path: Annotated[Optionally[Name], says("of local: where the model lies")] = None
    labels: Annotated[Items[ScoreName], says("what it tells apart; of local exactly two")]
    instructions: Annotated[
        Optionally[Annotated[str, StringConstraints(max_length=65536)]], says("of llm: how to tell them apart")
    ] = None
    use_cpu: Annotated[bool, says("of local: not to use a GPU")] = False
