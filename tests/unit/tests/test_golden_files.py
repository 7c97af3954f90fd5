"""Golden files catch a difference and a leftover, and an update mends both."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden_files import Golden


def test_the_same_text_passes(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text("{}\n")

    Golden(update=False).check(tmp_path / "one.json", "{}\n")


def test_other_text_fails_with_the_difference(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text("old\n")

    with pytest.raises(AssertionError, match=r"-old\n\+new") as failed:
        Golden(update=False).check(tmp_path / "one.json", "new\n")

    assert "--update-golden" in str(failed.value)


def test_a_missing_file_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Golden(update=False).check(tmp_path / "one.json", "new\n")


def test_an_update_writes_what_is_actual(tmp_path: Path) -> None:
    Golden(update=True).check(tmp_path / "case" / "one.json", "new\n")

    assert (tmp_path / "case" / "one.json").read_text() == "new\n"


def test_a_leftover_fails_and_an_update_removes_it(tmp_path: Path) -> None:
    leftover, wanted = tmp_path / "old.json", tmp_path / "one.json"
    leftover.write_text("")

    with pytest.raises(AssertionError, match=r"no case produces old\.json"):
        Golden(update=False).check_complete([leftover, wanted], [wanted])
    Golden(update=True).check_complete([leftover, wanted], [wanted])

    assert not leftover.exists()
