"""The repository speaks of the product alone: no registry hosts, no paths of one machine, no secrets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source_code import ROOT, tracked_files

# Written in pieces, so that this file does not contain what it looks for.
FORBIDDEN = {
    "a package registry's host": re.compile(
        r"pypi\.or" r"g|pythonhoste" r"d|npmjs\.or" r"g|deb\.debia" r"n|proxy\.golang\.or" r"g"
    ),
    "a path of one machine": re.compile(r"(?<![\w.$}~-])/(wor" r"k|roo" r"t|hom" r"e(?!/me\b)|User" r"s)/[\w.]"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KE" r"Y-----"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        for number, line in enumerate(_lines(path), start=1)
        if FORBIDDEN[what].search(line)
    ]

    assert found == []


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def test_the_requirements_are_pinned_by_hash_and_name_no_index() -> None:
    lines = _lines(ROOT / "requirements.txt")

    pins = [line for line in lines if line and not line.startswith(" ")]

    assert pins
    assert all("==" in pin and pin.endswith("\\") for pin in pins)
    assert not any("index-url" in line for line in lines)
