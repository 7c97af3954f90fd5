"""docs/THREATS.md claims nothing without a test, and every test that it names is there."""

from __future__ import annotations

import re

from tests.architecture.source_code import ROOT

THREATS = (ROOT / "docs" / "THREATS.md").read_text()


def test_every_test_that_the_threat_model_names_is_there() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }

    assert set(re.findall(r"`(test_\w+)`", THREATS)) - there == set()


def test_every_claim_of_what_stops_somebody_names_a_test() -> None:
    part = THREATS.partition("## Who might try")[2].partition("## What is not protected")[0]

    claims = re.findall(r"^- .*?(?=^- |^#|\Z)", part, re.DOTALL | re.MULTILINE)

    assert len(claims) > 15
    assert [claim for claim in claims if "`test_" not in claim] == []
