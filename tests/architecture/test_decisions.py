"""Decision records stay short, complete and findable, and name tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source_code import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "Test"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_is_short_and_has_every_part(record: Path) -> None:
    text = record.read_text()

    assert len(text.splitlines()) <= 60
    assert re.findall(r"^## (\w+)", text, re.MULTILINE) == HEADINGS


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_names_tests_that_exist(record: Path) -> None:
    named = re.findall(r"`(tests/[\w./]+)(?:::(\w+))?`", record.read_text())

    assert named
    assert [path for path, _ in named if not (ROOT / path).exists()] == []
    assert [test for path, test in named if test and f"def {test}(" not in (ROOT / path).read_text()] == []


def test_every_record_is_listed_once_in_order() -> None:
    listed = re.findall(r"^\| \[\d{4}\]\(([^)]+)\)", (FOLDER / "README.md").read_text(), re.MULTILINE)

    assert listed == [record.name for record in RECORDS]
