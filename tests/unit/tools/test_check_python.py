"""The first thing a newcomer may see is a clear reason why this Python will not do."""

from __future__ import annotations

from tools.check_python import problem


def test_an_old_python_is_refused_with_the_way_out() -> None:
    text = problem((3, 9), has_ensurepip=True)

    assert text is not None
    assert "3.11 or newer, and this is 3.9" in text
    assert "make setup PYTHON=" in text


def test_a_missing_venv_package_is_named() -> None:
    text = problem((3, 11), has_ensurepip=False)

    assert text is not None
    assert "apt install python3-venv" in text


def test_a_python_that_will_do_has_no_problem() -> None:
    assert problem((3, 11), has_ensurepip=True) is None
    assert problem((3, 14), has_ensurepip=True) is None
