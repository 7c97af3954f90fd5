"""Durations: Go's spelling in, one spelling out, exact to the microsecond."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contract.durations import LONGEST, DurationError, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("300s", 300), ("1m30s", 90), ("1h", 3600), ("250ms", 0.25), ("1.5s", 1.5), ("10us", 0.00001), ("24h", 86400)],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "s", "-1s", "1 s", "1s ", "1d", "0s", "1ns", "25h", "９s", "9" * 40 + "h", "1s1", "24h1us"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DurationError):
        parse_duration(text)


@given(some.timedeltas(min_value=timedelta(microseconds=1), max_value=LONGEST))
def test_a_written_duration_reads_back_exactly(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration
