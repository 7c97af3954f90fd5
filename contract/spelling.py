"""Did you mean …? The known word nearest to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

FARTHEST: Final = 3


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word at the smallest edit distance; None beyond 3, or beyond half the word's length."""
    limit = min(FARTHEST, max(1, len(word) // 2))
    ranked = ((_distance(word, candidate, limit), candidate) for candidate in known)
    best = min((pair for pair in ranked if pair[0] <= limit), default=None)
    return best[1] if best else None


def _distance(left: str, right: str, limit: int) -> int:
    """Levenshtein distance; anything above the limit is only told to be above it."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    row = list(range(len(right) + 1))
    for index, sign in enumerate(left, start=1):
        previous, row = row, [index]
        for column, other in enumerate(right, start=1):
            row.append(min(previous[column] + 1, row[-1] + 1, previous[column - 1] + (sign != other)))
        if min(row) > limit:
            return limit + 1
    return row[-1]
