"""Which regular expressions a document may hold."""

from __future__ import annotations

import pytest

from contract.routing.patterns import pattern_problem
from tests.unit.contract.routing.judged import accepted, signals, the_fault_of


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?m)^\s*\d+\.\s+",
        r"(?i)(\b(define|translate|explain)\b.{0,80})",
        "[?？]",
        r"\p{Han}+",
        r"\pL\PN\z",
        r"[[:alpha:]]+",
        r"(?<word>a)(?P<other>b)",
        r"a(?i)b(?s-i:c.d)(?U)e*",
        r"\Qa.b(\E",
        r"\x{10FFFF}",
        r"\\(?:x)",
        r"a{1000}",
    ],
)
def test_what_the_engine_knows_is_accepted(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(a", "no regular expression"),
        ("[a", "no regular expression"),
        ("*a", "no regular expression"),
        ("a)", "no regular expression"),
        ("(?=a)", "lookahead"),
        ("(?!a)", "lookahead"),
        ("(?<=a)b", "lookbehind"),
        ("(?<!a)b", "lookbehind"),
        (r"(a)\1", "refers back"),
        ("a{1001}", "more than 1000"),
        ("(" * 2000 + ")" * 2000, "deeply"),
    ],
)
def test_what_no_engine_of_the_kind_can_read_is_refused(pattern: str, problem: str) -> None:
    assert problem in str(pattern_problem(pattern))


def test_so_many_patterns_that_reading_them_would_take_long_are_refused_at_once() -> None:
    keywords = [f"(a{number:07}|b)*c+" for number in range(100_000)]

    fault = the_fault_of(signals(keywords=[{"name": "k", "operator": "OR", "method": "regex", "keywords": keywords}]))

    assert "[too_large]" in fault


def test_words_are_no_patterns_without_the_method() -> None:
    accepted(signals(keywords=[{"name": "k", "operator": "OR", "keywords": ["(a", "c++"]}]))
