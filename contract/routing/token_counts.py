"""Numbers of tokens as people write them: `32000`, `32K`, `1.5M`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from contract.fields import refuse

MOST_TOKENS: Final = 10**12

_WRITTEN: Final = re.compile(r"(\d{1,18}(?:\.\d{0,9})?|\.\d{1,9})([KM]?)")
_FACTORS: Final = {"": 1, "K": 1_000, "M": 1_000_000}


class TokenCountError(ValueError):
    """A text is no number of tokens."""


def parse_token_count(text: str) -> int:
    """Whole tokens, rounded down; `K` is a thousand and `M` a million in either case; empty text is 0.

    Raises TokenCountError.
    """
    written = text.strip().upper()
    if not written:
        return 0
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise TokenCountError("should be a number of tokens such as 8000, 32K or 1.5M")
    tokens = int(Decimal(match[1]) * _FACTORS[match[2]])
    if tokens > MOST_TOKENS:
        raise TokenCountError(f"should be at most {MOST_TOKENS} tokens")
    return tokens


def _tokens(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_token_count(value)
    except TokenCountError as problem:
        raise refuse("value", f"invalid token count: {problem}") from None


TokenCount = Annotated[
    int,
    BeforeValidator(_tokens),
    Field(ge=0, le=MOST_TOKENS),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["8000", "32K", "1.5M"]}),
]
