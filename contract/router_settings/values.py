"""The kinds of values that router settings are made of, and the mark on those that hold a credential."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticUseDefault

from contract.addresses import AddressError, parse_base_url
from contract.fields import HeaderName, in_two, refuse
from contract.headers import HeaderError, require_header_value

T = TypeVar("T")

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REFERENCE: Final = re.compile(r"\$(?:\{|[A-Za-z0-9_])")


@dataclass(frozen=True, slots=True)
class Secret:
    """Marks a field whose text is a credential: `contract.router_settings.secrets` finds it by this."""


@dataclass(frozen=True, slots=True)
class NamedSecrets:
    """Marks a mapping in which names such as `Authorization` or `API_KEY` go with credentials."""


def refers_to_environment(text: str) -> bool:
    """Whether some of the text is a variable that only the operator has, so that nobody else can judge it."""
    return bool(_REFERENCE.search(text))


def _line(text: str) -> str:
    if text != text.strip():
        raise refuse("value", "should have no surrounding whitespace", "take the spaces away")
    if _CONTROL.search(text):
        raise refuse("value", "should be one line without control characters", "take them out")
    return text


def _place(text: str) -> str:
    if "@" in text:
        raise refuse("secret", "should not hold a user name or password", "give them in the fields for them")
    if any(sign.isspace() for sign in text):
        raise refuse("address", "should be a host, or a host and its port", "write it as in redis:6379")
    return _line(text)


def _url(text: str) -> str:
    if text and not refers_to_environment(text):
        try:
            parse_base_url(text)
        except AddressError as problem:
            raise refuse("address", *in_two(str(problem))) from None
    return text


def _header_text(text: str) -> str:
    try:
        require_header_value(text)
    except HeaderError as problem:
        raise refuse("header", *in_two(str(problem))) from None
    return text


def _chosen(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise PydanticUseDefault
    return value.strip()


def _worded(value: Any) -> Any:
    chosen = _chosen(value)
    return chosen.lower() if isinstance(chosen, str) else chosen


Line = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_line)]
"""One line, such as a path or a model's name. Empty text is a value: it clears a default."""

Place = Annotated[str, StringConstraints(max_length=512), AfterValidator(_place)]
"""`host` or `host:port`, empty when there is none."""

Url = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_url)]
"""`http(s)://…` without credentials, empty when there is none."""

HeaderText = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_header_text)]

Credential = Annotated[str, StringConstraints(max_length=8192), Secret(), Field(repr=False)]
"""A password, key or token. What is stored names it: `secret://<name>` or `${VARIABLE}`."""

Headers = Annotated[dict[HeaderName, HeaderText], NamedSecrets(), Field(repr=False)]

Chosen = Annotated[T, BeforeValidator(_chosen)]
"""One of some words; empty text means the default."""

Worded = Annotated[T, BeforeValidator(_worded)]
"""As `Chosen`, in upper or lower case."""

Whole = Annotated[int, Field(ge=0, le=2**31 - 1)]
Positive = Annotated[int, Field(ge=1, le=2**31 - 1)]
Amount = Annotated[float, Field(ge=0, le=1e12)]
Port = Annotated[int, Field(ge=1, le=65535)]
