"""docs/THREATS.md and docs/RELIABILITY.md claim nothing without a test, and every test that they name is there."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source_code import ROOT

THREATS = (ROOT / "docs" / "THREATS.md").read_text()
RELIABILITY = (ROOT / "docs" / "RELIABILITY.md").read_text()


@pytest.mark.parametrize("page", [THREATS, RELIABILITY], ids=["threats", "reliability"])
def test_every_test_that_the_page_names_is_there(page: str) -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }

    assert set(re.findall(r"`(test_\w+)`", page)) - there == set()


def test_every_claim_of_what_stops_somebody_names_a_test() -> None:
    part = THREATS.partition("## Who might try")[2].partition("## What is not protected")[0]

    claims = re.findall(r"^- .*?(?=^- |^#|\Z)", part, re.DOTALL | re.MULTILINE)

    assert len(claims) > 15
    assert [claim for claim in claims if "`test_" not in claim] == []


def test_every_promise_and_fault_names_a_test_or_says_that_it_is_not_there_yet() -> None:
    rows = [
        line for line in RELIABILITY.splitlines() if line.startswith("| ") and not line.startswith(("| promise", "| |"))
    ]

    assert len(rows) > 40
    assert [row for row in rows if "`test_" not in row and "not there yet" not in row] == []
