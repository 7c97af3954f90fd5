"""What was compiled before, by its content, so that a change costs what changed and not what there is."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
_SPARE = 1000


class Memo:
    """Remembers results by keys that hold everything the result follows from, so that an entry is never wrong.

    `renewed` starts a new generation: what it does not ask for is forgotten with the old one.
    """

    def __init__(self, before: dict[Hashable, Any] | None = None) -> None:
        self._kept: dict[Hashable, Any] = {}
        self._before = before or {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result for this key, made if need be. What `make` raises is not remembered."""
        if key not in self._kept:
            self._kept[key] = self._before[key] if key in self._before else make()
        result: T = self._kept[key]
        return result

    def renewed(self) -> Memo:
        """A memo that knows what this one knows, until it has been used once and `settled`."""
        return Memo(self._kept)

    def settled(self) -> Memo:
        """Forget what was not asked for in this generation."""
        self._before = {}
        self._size = len(self._kept)
        return self

    @property
    def overgrown(self) -> bool:
        """Whether so much was added since it settled that a new generation is due."""
        return len(self._kept) > 2 * self._size + _SPARE
