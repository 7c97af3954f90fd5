"""What the demo provider does to a request besides answering it: fail, wait, die mid-stream, echo.

Directives are written `name=value`. They come from three places, the later one winning: the admin endpoint
(`PUT /admin/behaviours/<provider>`), the model's name (`small+delay=0.5+die_after=3`), the header `x-demo-behaviour`
(`delay=0.5; die_after=3`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

HEADER: Final = "x-demo-behaviour"
MAX_SECONDS: Final = 600.0
MAX_TOKENS: Final = 100_000

_RESET_STATUS: Final = 0


class BehaviourError(ValueError):
    """A directive cannot be read. The text names it and shows how it is written."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Answer `status` instead of a completion, `times` times (None: always); status 0 cuts the connection."""

    status: int
    times: int | None = None

    @property
    def resets(self) -> bool:
        """Whether the connection is cut without an answer."""
        return self.status == _RESET_STATUS

    @classmethod
    def parse(cls, text: str) -> Failure:
        """`503`, `503x2` (twice), `reset`, `resetx1`. Raises BehaviourError."""
        status_text, _, times_text = text.partition("x")
        status = _RESET_STATUS if status_text == "reset" else _whole(status_text, "fail", 400, 599)
        return cls(status, _whole(times_text, "fail", 1, 1_000_000) if times_text else None)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One request's script. Seconds are floats; `die_after` and `tokens` count pieces of content."""

    fail: Failure | None = None
    delay: float = 0.0
    token_delay: float = 0.0
    die_after: int | None = None
    tokens: int | None = None
    echo: bool = False

    def changed_by(self, directives: Mapping[str, str]) -> Behaviour:
        """This behaviour with some directives set anew. Raises BehaviourError."""
        change: dict[str, object] = {}
        for name, text in directives.items():
            change[name] = _parse(name, text)
        return replace(self, **change)  # type: ignore[arg-type]  # each value has its field's type by _parse


def split_model(model: str) -> tuple[str, dict[str, str]]:
    """`small+delay=0.5+echo` → (`small`, its directives)."""
    name, *directives = model.split("+")
    return name, _pairs(directives)


def parse_header(value: str) -> dict[str, str]:
    """`delay=0.5; echo` → its directives."""
    return _pairs(value.split(";"))


class Script:
    """What admins set for each provider name, and how often each failure still happens."""

    def __init__(self) -> None:
        self._behaviours: dict[str, Behaviour] = {}
        self._failed: Counter[tuple[str, str, Failure]] = Counter()

    def set(self, provider: str, directives: Mapping[str, str]) -> Behaviour:
        """Replace what is set for a provider; counting starts again. Raises BehaviourError."""
        behaviour = Behaviour().changed_by(directives)
        self._behaviours[provider] = behaviour
        self._forget(provider)
        return behaviour

    def clear(self, provider: str) -> None:
        """Answer normally again."""
        self._behaviours.pop(provider, None)
        self._forget(provider)

    def behaviour_for(self, provider: str, *more: Mapping[str, str]) -> Behaviour:
        """What is set for the provider, changed by each mapping in turn. Raises BehaviourError."""
        behaviour = self._behaviours.get(provider, Behaviour())
        for directives in more:
            behaviour = behaviour.changed_by(directives)
        return behaviour

    def takes_failure(self, provider: str, model: str, failure: Failure) -> bool:
        """Whether this request still fails; counts it if so. Counted per provider, model and failure."""
        key = (provider, model, failure)
        if failure.times is not None and self._failed[key] >= failure.times:
            return False
        self._failed[key] += 1
        return True

    def _forget(self, provider: str) -> None:
        for key in [key for key in self._failed if key[0] == provider]:
            del self._failed[key]


def _pairs(directives: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for directive in directives:
        name, _, value = directive.strip().partition("=")
        if name:
            found[name.strip().replace("-", "_")] = value.strip()
    return found


def _parse(name: str, text: str) -> object:
    match name:
        case "fail":
            return Failure.parse(text)
        case "delay" | "token_delay":
            return _seconds(text, name)
        case "die_after" | "tokens":
            return _whole(text, name, 0, MAX_TOKENS)
        case "echo":
            return text.lower() not in {"0", "false", "no"}
    known = ", ".join(each.name for each in fields(Behaviour))
    raise BehaviourError(f"unknown directive {name!r}; known are {known}")


def _whole(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise BehaviourError(f"{name}={text!r}: write a whole number from {low} to {high}")
    return int(text)


def _seconds(text: str, name: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_SECONDS:
        raise BehaviourError(f"{name}={text!r}: write seconds from 0 to {MAX_SECONDS:.0f}, for instance {name}=0.5")
    return seconds
