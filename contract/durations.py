"""Durations as the contract writes them (`300s`, `1m30s`, `250ms`), read exactly and written in one spelling."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

LONGEST: Final = timedelta(hours=24)

_MICROSECONDS: Final = {
    "ns": Decimal("0.001"),
    "us": Decimal(1),
    "µs": Decimal(1),
    "ms": Decimal(1_000),
    "s": Decimal(1_000_000),
    "m": Decimal(60_000_000),
    "h": Decimal(3_600_000_000),
}
_PART: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ns|us|µs|ms|s|m|h)", re.ASCII)


class DurationError(ValueError):
    """The text is no duration, or one out of bounds. The message is safe to show."""


def parse_duration(text: str) -> timedelta:
    """`1m30s` → 90 seconds. Above zero, at most 24 h, microsecond steps. Raises DurationError."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise DurationError("should be a duration; write one such as 300s, 1m30s or 250ms")
    total = int(sum(Decimal(number) * _MICROSECONDS[unit] for number, unit in parts))
    if total <= 0:
        raise DurationError("should be longer than zero; write at least 1ms")
    if total > LONGEST // timedelta(microseconds=1):
        raise DurationError("should be at most 24h; write a shorter one")
    return timedelta(microseconds=total)


def format_duration(duration: timedelta) -> str:
    """The one spelling in a delivered document: seconds, as many decimals as needed (`300s`, `0.25s`)."""
    seconds, microseconds = divmod(duration // timedelta(microseconds=1), 1_000_000)
    fraction = f".{microseconds:06d}".rstrip("0") if microseconds else ""
    return f"{seconds}{fraction}s"
