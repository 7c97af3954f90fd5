"""Which regular expressions a document may hold."""

from __future__ import annotations

import pytest

from contract.routing.patterns import pattern_problem


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
