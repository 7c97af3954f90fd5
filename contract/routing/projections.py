"""The section routing.projections: what is derived from signals, by choosing among them, adding them up, and bands."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import model_validator

from contract.fields import Items, Name, Optionally, Part
from contract.words import known_word

Semantics = Literal["exclusive", "softmax_exclusive"]
ScoreMethod = Literal["weighted_sum"]
MappingMethod = Literal["threshold_bands", "multi_emit"]
CalibrationMethod = Literal["sigmoid_distance"]
ValueSource = Literal["binary", "confidence", "raw", "score"]
InputType = Literal[
    "keyword",
    "embedding",
    "domain",
    "fact_check",
    "user_feedback",
    "reask",
    "preference",
    "language",
    "context",
    "structure",
    "complexity",
    "modality",
    "authz",
    "jailbreak",
    "pii",
    "kb",
    "conversation",
    "event",
    "kb_metric",
    "projection",
]

SIGMOID: Final = "sigmoid_distance"
OF_SCORES: Final = ("kb_metric", "projection")


def value_source_of(input_type: str) -> str:
    """What an input of this type contributes when it does not say."""
    return "score" if input_type in OF_SCORES else "binary"


class Partition(Part):
    """Of its matched members (domains, or embeddings) only the best stays; when none matched, `default` does.

    `softmax_exclusive` makes confidences comparable first and needs a `temperature` above 0.
    """

    name: Name
    semantics: Annotated[Semantics, known_word(Semantics, "semantics")]
    temperature: float | None = None
    members: Items[Name]
    default: Name


class ScoreInput(Part):
    """A signal's contribution: its weight times `match` or `miss`, its confidence, its raw value, or another score.

    A `kb_metric` names `kb` and `metric`, everything else a `name`.
    """

    type: Annotated[InputType, known_word(InputType, "input type", str.lower)]
    name: Optionally[Name] = None
    kb: Optionally[Name] = None
    metric: Optionally[Name] = None
    weight: float
    value_source: Optionally[Annotated[ValueSource, known_word(ValueSource, "value_source", str.lower)]] = None
    match: float = 1.0
    miss: float = 0.0

    @model_validator(mode="before")
    @classmethod
    def _usual_source_is_left_out(cls, raw: Any) -> Any:
        """So that a written default and none are the same document."""
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            return raw
        source = raw.get("value_source")
        if isinstance(source, str) and source.strip().lower() == value_source_of(raw["type"].strip().lower()):
            return {key: value for key, value in raw.items() if key != "value_source"}
        return raw


class Score(Part):
    name: Name
    method: Annotated[ScoreMethod, known_word(ScoreMethod, "method")]
    inputs: Items[ScoreInput]


class Calibration(Part):
    """How confidence grows with the distance of a score from the nearest bound of its band."""

    method: Annotated[
        CalibrationMethod, known_word(CalibrationMethod, "calibration method", default="sigmoid_distance")
    ]
    slope: float = 12.0


class Output(Part):
    """A band of a score; rules name it: `type: projection, name: <output>`."""

    name: Name
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None


class Mapping(Part):
    """Bands of a score: the first that holds the score is given out (`threshold_bands`), or each (`multi_emit`)."""

    name: Name
    source: Name
    method: Annotated[MappingMethod, known_word(MappingMethod, "method", default="threshold_bands")] = "threshold_bands"
    calibration: Calibration | None = None
    outputs: Items[Output]


class Projections(Part):
    """Derived from the signals before decisions are made."""

    partitions: Items[Partition] = ()
    scores: Items[Score] = ()
    mappings: Items[Mapping] = ()
