"""The kinds of value that decisions, algorithms and plugins share: amounts, prompts, payloads of anybody."""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from contract.fields import Part, refuse


def or_else(default: str) -> BeforeValidator:
    """For free texts whose emptiness means the default."""
    return BeforeValidator(lambda value: default if value == "" else value)


def filled(name: str, complaint: str = "cannot be empty") -> AfterValidator:
    """For lists and texts that say nothing when they are empty."""

    def validate(value: Any) -> Any:
        if not (value.strip() if isinstance(value, str) else value):
            raise refuse("required", f"{name} {complaint}", "write it, or take out what it belongs to")
        return value

    return AfterValidator(validate)


def _finite(value: Any) -> Any:
    """JSON has no word for NaN and infinity."""
    waiting = [value]
    while waiting:
        element = waiting.pop()
        if isinstance(element, float) and not isfinite(element):
            raise refuse("value", "holds a number that is not finite", "write a number that JSON knows")
        if isinstance(element, dict):
            waiting.extend(element.values())
        elif isinstance(element, list):
            waiting.extend(element)
    return value


Amount = Annotated[float, Field(ge=0, le=1e15)]
Whole = Annotated[int, Field(ge=0, le=2**53)]
Positive = Annotated[int, Field(ge=1, le=2**53)]
Percentile = Annotated[int, Field(ge=1, le=100)]
Prompt = Annotated[str, StringConstraints(max_length=65_536)]
"""What a model is told: instructions, templates."""

Payload = Annotated[dict[str, Any], AfterValidator(_finite)]
"""A mapping that only its consumer can judge."""


class OpenPart(Part):
    """A part that passes on keys it does not know; those it knows are judged."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, Annotated[Any, AfterValidator(_finite)]]
