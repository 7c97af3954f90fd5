"""Did you mean …? The known word nearest to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

FARTHEST: Final = 3
LONGEST: Final = 48
MOST_COMPARED: Final = 20


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word at the smallest edit distance; None beyond 3, or beyond half the word's length.

    Both sides may be a stranger's: long words are not compared, nor more than some that have about the same length.
    """
    limit = min(FARTHEST, max(1, len(word) // 2))
    if len(word) > LONGEST:
        return None
    alike = (candidate for candidate in known if abs(len(candidate) - len(word)) <= limit)
    ranked = ((_distance(word, candidate, limit), candidate) for candidate in islice(alike, MOST_COMPARED))
    best = min((pair for pair in ranked if pair[0] <= limit), default=None)
    return best[1] if best else None


def _distance(left: str, right: str, limit: int) -> int:
    """Levenshtein distance; anything above the limit is only told to be above it."""
    row = list(range(len(right) + 1))
    for index, sign in enumerate(left, start=1):
        previous, row = row, [index] + [limit + 1] * len(right)
        for column in range(max(1, index - limit), min(len(right), index + limit) + 1):
            row[column] = min(
                previous[column] + 1, row[column - 1] + 1, previous[column - 1] + (sign != right[column - 1])
            )
        if min(row) > limit:
            return limit + 1
    return row[-1]
