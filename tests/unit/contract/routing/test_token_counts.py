"""Numbers of tokens as people write them."""

from __future__ import annotations

import pytest

from contract.routing.token_counts import TokenCountError, parse_token_count


@pytest.mark.parametrize(
    ("written", "tokens"),
    [
        ("", 0),
        ("0", 0),
        ("999", 999),
        ("32K", 32_000),
        ("32k", 32_000),
        (" 1.5M ", 1_500_000),
        ("0.1K", 100),
        (".5K", 500),
        ("1.0009K", 1_000),
        ("1.1K", 1_100),
    ],
)
def test_a_token_count_is_read_exactly(written: str, tokens: int) -> None:
    assert parse_token_count(written) == tokens


@pytest.mark.parametrize("written", ["abc", "32G", "-1", "1e3", "inf", "nan", "0x10", "1_000", "K", "1 K", "9999999M"])
def test_what_is_no_token_count_is_refused(written: str) -> None:
    with pytest.raises(TokenCountError):
        parse_token_count(written)


def test_a_text_of_any_length_is_judged_at_once() -> None:
    with pytest.raises(TokenCountError):
        parse_token_count("9" * 100_000)
