"""The conditions of `retry_on`: a comma-separated list that Envoy would silently shorten to the words it knows."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from contract.faults import shown
from contract.fields import refuse
from contract.spelling import nearest

CONDITIONS: Final = frozenset(
    {
        "5xx",
        "cancelled",
        "connect-failure",
        "deadline-exceeded",
        "envoy-ratelimited",
        "gateway-error",
        "http3-post-connect-failure",
        "internal",
        "refused-stream",
        "reset",
        "reset-before-request",
        "resource-exhausted",
        "retriable-4xx",
        "unavailable",
    }
)


def _known_conditions(text: str) -> str:
    for word in (part.strip() for part in text.split(",")):
        if text.strip() and word not in CONDITIONS:
            meant = nearest(word, CONDITIONS)
            hint = f"did you mean {meant!r}?" if meant else f"known are {', '.join(sorted(CONDITIONS))}"
            raise refuse("value", f"has the unknown condition {shown(word)}", hint)
    return text


RetryConditions = Annotated[str, StringConstraints(max_length=1024), AfterValidator(_known_conditions)]
