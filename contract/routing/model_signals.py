"""Signals that a trained model or a language model judges: facts, feedback, attacks, personal data, labels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from contract.faults import shown
from contract.fields import Items, Name, Optionally, Part, Text, refuse
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

    name: Name
    description: Text = ""


class UserFeedbackRule(Part):
    """What a user thinks of the last answer."""

    name: Name
    description: Text = ""


class JailbreakRule(Part):
    """Attempts to talk a model out of its rules, by a classifier or by likeness to known attempts (`contrastive`)."""

    name: Name
    description: Text = ""
    method: Annotated[JailbreakMethod, known_word(JailbreakMethod, "method", str.lower, "classifier")] = "classifier"
    threshold: float
    include_history: bool = False
    jailbreak_patterns: Items[Words] = ()
    benign_patterns: Items[Words] = ()


class PiiRule(Part):
    """Personal data of a kind that is not in `pii_types_allowed`."""

    name: Name
    description: Text = ""
    threshold: float
    pii_types_allowed: Items[Name] = ()
    include_history: bool = False


class KbTarget(Part):
    """A label or a group of labels of the knowledge base."""

    kind: Annotated[TargetKind, known_word(TargetKind, "target.kind")]
    value: Name


class KbRule(Part):
    """Likeness to a label or group of a knowledge base: the best one of all, or any above the threshold."""

    name: Name
    kb: Name
    target: KbTarget
    match: Annotated[KbMatch, known_word(KbMatch, "match", str.lower, "threshold")] = "threshold"


class ClassifierRule(Part):
    """Scores labels, by a model on disk (`local`, two labels) or by an external one that is told how (`llm`)."""

    name: ScoreName
    description: Text = ""
    type: Annotated[ClassifierType, known_word(ClassifierType, "type")]
    model: Optionally[Name] = None
    model_path: Optionally[Name] = None
    labels: Items[ScoreName]
    instructions: Optionally[Annotated[str, StringConstraints(max_length=65536)]] = None
    use_cpu: bool = False
