"""The size report counts what is there and names what is too long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.report_sizes import Size, all_sizes, report


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one module: a short method and a long function."""
    body = "".join(f"    x{number} = {number}\n" for number in range(50))
    folder = tmp_path / "contract"
    folder.mkdir()
    (folder / "prices.py").write_text(
        f"class Price:\n    async def get(self):\n        return 1\n\n\ndef total():\n{body}"
    )
    return tmp_path


def test_a_file_and_each_function_in_it_have_a_size(project: Path) -> None:
    assert all_sizes(project) == [
        Size("contract/prices.py", 1, "", 56),
        Size("contract/prices.py", 6, "total", 51),
        Size("contract/prices.py", 2, "get", 2),
    ]


def test_the_report_names_long_functions_and_counts_the_rest(project: Path) -> None:
    assert report(all_sizes(project)).splitlines() == [
        "files: 1, median 56 lines, longest 56, 100.0% within 300",
        "functions: 2, median 2 lines, longest 51, 50.0% within 40",
        "   51  contract/prices.py:6 total",
    ]


def test_an_empty_project_is_reported_as_such(tmp_path: Path) -> None:
    assert report(all_sizes(tmp_path)) == "files: none\nfunctions: none"
