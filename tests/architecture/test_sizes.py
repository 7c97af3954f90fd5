"""Files and functions stay small; the exceptions are listed here and may only shrink."""

from __future__ import annotations

from functools import cache

from tools.report_sizes import Size, all_sizes

FILE_LINES = 350
FUNCTION_LINES = 60

# path → lines it may have at most. Take an entry out as soon as the file fits.
LONGER_FILES: dict[str, int] = {}
# (path, function) → lines it may have at most.
LONGER_FUNCTIONS: dict[tuple[str, str], int] = {}


@cache
def sizes() -> list[Size]:
    """Of everything there is, measured once."""
    return all_sizes()


def test_no_file_grows_beyond_what_one_idea_needs() -> None:
    too_long = [
        str(size) for size in sizes() if not size.function and size.lines > LONGER_FILES.get(size.path, FILE_LINES)
    ]

    assert too_long == []


def test_no_function_grows_beyond_one_screen() -> None:
    too_long = [
        str(size)
        for size in sizes()
        if size.function and size.lines > LONGER_FUNCTIONS.get((size.path, size.function), FUNCTION_LINES)
    ]

    assert too_long == []


def test_every_listed_exception_is_still_needed() -> None:
    files = {size.path: size.lines for size in sizes() if not size.function}
    functions = {(size.path, size.function): size.lines for size in sizes() if size.function}

    fitting = [path for path in LONGER_FILES if files.get(path, 0) <= FILE_LINES]
    fitting += [name for path, name in LONGER_FUNCTIONS if functions.get((path, name), 0) <= FUNCTION_LINES]

    assert fitting == []
