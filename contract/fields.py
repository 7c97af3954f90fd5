"""The kinds of value that the documents are made of; each refuses what it is not in one clear sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from contract.addresses import AddressError, parse_base_url, parse_endpoint, require_request_path
from contract.durations import DurationError, format_duration, parse_duration
from contract.faults import FaultCode, Remedy
from contract.headers import HeaderError, require_header_name, require_header_value
from contract.secret_refs import SecretRefError, is_secret_ref, parse_secret_ref

T = TypeVar("T")

MOST_KEY_SIGNS: Final = 8192

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Part(BaseModel):
    """What every part of a document has in common: strict, frozen, complete, and silent about its input in errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )


def says(meaning: str) -> Any:
    """For `Annotated[Name, says("what callers ask for")]`: one line for the reference and for editors."""
    return Field(description=meaning)


@dataclass(frozen=True, slots=True)
class Variants:
    """For `Annotated[A | B, Field(discriminator="type"), Variants("plugin type")]`: parts told apart by their `type`.

    `what` is how messages call the type; `aliases` are earlier spellings of types.
    """

    what: str
    aliases: Mapping[str, str] = field(default_factory=dict)


def refuse(code: FaultCode, message: str, remedy: Remedy = "") -> PydanticCustomError:
    """A fault of one value; `contract.structure` adds the path."""
    return PydanticCustomError("contract", "{message}", {"code": code, "message": message, "remedy": remedy})


def in_two(problem: str) -> tuple[str, str]:
    """`what is wrong; the way out` as two: for messages that are ours and quote nothing."""
    message, _, remedy = problem.partition("; ")
    return message, remedy


def _checked_by(check: Callable[[str], object], code: FaultCode, error: type[Exception]) -> Callable[[str], str]:
    """A validator that lets `check` decide and keeps the value as it was written."""

    def validate(value: str) -> str:
        try:
            check(value)
        except error as problem:
            raise refuse(code, *in_two(str(problem))) from None
        return value

    return validate


def _name(value: str) -> str:
    if not value.strip():
        raise refuse("value", "must not be empty", "write a name, or leave the field out")
    if value != value.strip():
        raise refuse("value", "should have no surrounding whitespace", "take the spaces away")
    if _CONTROL.search(value):
        raise refuse("value", "should hold no control characters", "take them out")
    return value


def _variable(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        raise refuse("value", "should be the name of an environment variable", "use letters, digits and underscores")
    return value


def _ip(value: str) -> str:
    try:
        if "%" in value:
            raise ValueError
        ip_address(value)
    except ValueError:
        raise refuse("value", "should be an IP address", "write one such as 0.0.0.0, 127.0.0.1 or ::") from None
    return value


def _key(value: str) -> str:
    if is_secret_ref(value):
        return _checked_by(parse_secret_ref, "secret", SecretRefError)(value)
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise refuse("secret", "should be one line of ASCII without surrounding whitespace", "check how it was copied")
    return value


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise refuse("type", "should be a duration in text", "write one such as 300s")
    try:
        return parse_duration(value)
    except DurationError as problem:
        raise refuse("value", *in_two(str(problem))) from None


def _empty_is_absent(value: Any) -> Any:
    return None if value == "" else value


Items = Annotated[tuple[T, ...], Strict(False)]
"""A list in the document, a tuple in the model."""

WRITTEN: Final = "written"
"""Marks a field that the canonical form writes though it equals its default: some rule asks whether it was written."""

SAID: Final = "said"
"""Marks a field whose null is no absence: left empty it would take the default away and put nothing in its place."""

Optionally = Annotated[T | None, BeforeValidator(_empty_is_absent)]
"""Absent when null, left out or empty text, as `${UNSET}` leaves it behind."""

Name = Annotated[
    str, StringConstraints(max_length=256), AfterValidator(_name), Field(json_schema_extra={"minLength": 1})
]
Text = Annotated[str, StringConstraints(max_length=4096)]
IpAddress = Annotated[str, AfterValidator(_ip)]
Port = Annotated[int, Field(ge=1, le=65535)]
Price = Annotated[float, Field(ge=0, le=1e9)]
Variable = Annotated[str, AfterValidator(_variable)]
BaseUrl = Annotated[str, AfterValidator(_checked_by(parse_base_url, "address", AddressError))]
Endpoint = Annotated[str, AfterValidator(_checked_by(lambda text: parse_endpoint(text, None), "address", AddressError))]
RequestPath = Annotated[str, AfterValidator(_checked_by(require_request_path, "address", AddressError))]
HeaderName = Annotated[str, AfterValidator(_checked_by(require_header_name, "header", HeaderError))]
HeaderValue = Annotated[str, AfterValidator(_checked_by(require_header_value, "header", HeaderError))]
ApiKey = Annotated[str, StringConstraints(max_length=MOST_KEY_SIGNS), AfterValidator(_key)]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["300s", "1m30s", "250ms"]}),
]

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of the whole, 1: a threshold, a confidence, a weight."""
