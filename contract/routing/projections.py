"""The section routing.projections: what is derived from signals, by choosing among them, adding them up, and bands."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import model_validator

from contract.fields import Items, Name, Optionally, Part, says
from contract.routing.declared_signals import ScoredType
from contract.words import known_word

Semantics = Literal["exclusive", "softmax_exclusive"]
ScoreMethod = Literal["weighted_sum"]
MappingMethod = Literal["threshold_bands", "multi_emit"]
CalibrationMethod = Literal["sigmoid_distance"]
ValueSource = Literal["binary", "confidence", "raw", "score"]
InputType = Literal[ScoredType, "kb_metric", "projection"]

SIGMOID: Final = "sigmoid_distance"
OF_SCORES: Final = ("kb_metric", "projection")


def value_source_of(input_type: str) -> str:
    """What an input of this type contributes when it does not say."""
    return "score" if input_type in OF_SCORES else "binary"


class Partition(Part):
    """Of its matched members (domains, or embeddings) only the best stays; when none matched, `default` does.

    `softmax_exclusive` makes confidences comparable first and needs a `temperature` above 0.
    """

    name: Annotated[Name, says("what it is called; unique")]
    semantics: Annotated[
        Semantics,
        known_word(Semantics, "semantics"),
        says("the best by confidence as it is, or by confidences that are made comparable first"),
    ]
    temperature: Annotated[
        float | None, says("of softmax_exclusive: how far apart confidences are kept; lower is farther")
    ] = None
    members: Annotated[Items[Name], says("domains alone, or embeddings alone")]
    default: Annotated[Name, says("the member that stays when none matched")]


class ScoreInput(Part):
    """A signal's contribution: its weight times `match` or `miss`, its confidence, its raw value, or another score.

    A `kb_metric` names `kb` and `metric`, everything else a `name`.
    """

    type: Annotated[
        InputType,
        known_word(InputType, "input type", str.lower),
        says("the family of the signal, a metric of a knowledge base, or another projection"),
    ]
    name: Annotated[Optionally[Name], says("the signal or score; not of a kb_metric")] = None
    kb: Annotated[Optionally[Name], says("of a kb_metric: the knowledge base")] = None
    metric: Annotated[Optionally[Name], says("of a kb_metric: which of its metrics")] = None
    weight: Annotated[float, says("how much the value counts; below 0 it takes away")]
    value_source: Annotated[
        Optionally[Annotated[ValueSource, known_word(ValueSource, "value_source", str.lower)]],
        says("what counts: matched or not, the confidence, the raw value, or a score; the type's own if not written"),
    ] = None
    match: Annotated[float, says("of binary: the value when the signal matched")] = 1.0
    miss: Annotated[float, says("of binary: the value when it did not")] = 0.0

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
    """A number made of signals: the sum of each input's value times its weight."""

    name: Annotated[Name, says("what mappings and other scores call it; unique")]
    method: Annotated[ScoreMethod, known_word(ScoreMethod, "method"), says("how the inputs are joined")]
    inputs: Annotated[Items[ScoreInput], says("what it is made of; no score is made of itself")]


class Calibration(Part):
    """How confidence grows with the distance of a score from the nearest bound of its band."""

    method: Annotated[
        CalibrationMethod,
        known_word(CalibrationMethod, "calibration method", default="sigmoid_distance"),
        says("how distance becomes confidence"),
    ]
    slope: Annotated[float, says("how fast confidence grows with distance")] = 12.0


class Output(Part):
    """A band of a score; rules name it: `type: projection, name: <output>`."""

    name: Annotated[Name, says("what rules call it; unique")]
    gt: Annotated[float | None, says("the score is greater than this")] = None
    gte: Annotated[float | None, says("the score is this or greater")] = None
    lt: Annotated[float | None, says("the score is less than this")] = None
    lte: Annotated[float | None, says("the score is this or less")] = None


class Mapping(Part):
    """Bands of a score: the first that holds the score is given out (`threshold_bands`), or each (`multi_emit`)."""

    name: Annotated[Name, says("what it is called; unique")]
    source: Annotated[Name, says("the score whose bands these are")]
    method: Annotated[
        MappingMethod,
        known_word(MappingMethod, "method", default="threshold_bands"),
        says("whether the first band that holds is given out, or each"),
    ] = "threshold_bands"
    calibration: Calibration | None = None
    outputs: Annotated[Items[Output], says("the bands, in the order in which they are looked at")]


class Projections(Part):
    """Derived from the signals before decisions are made."""

    partitions: Annotated[Items[Partition], says("signals of which only the best one stays")] = ()
    scores: Annotated[Items[Score], says("numbers made of signals")] = ()
    mappings: Annotated[Items[Mapping], says("bands of scores, which rules name")] = ()
