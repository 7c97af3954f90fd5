"""The real clock, ids and randomness; everything else gets them given."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from ulid import ULID


class SystemClock:
    """The host's clock."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)


class UlidIds:
    """Ids that sort by the time they were made, also within one millisecond of one process."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, prefix: str) -> str:
        """`<prefix>_<ulid>`, lower case."""
        value = max(int.from_bytes(ULID().bytes, "big"), self._last + 1)
        self._last = value
        return f"{prefix}_{str(ULID.from_bytes(value.to_bytes(16, 'big'))).lower()}"


class SystemRandom:
    """The operating system's generator."""

    def bytes(self, count: int) -> bytes:
        """Unpredictable bytes."""
        return secrets.token_bytes(count)

    def fraction(self) -> float:
        """In [0, 1)."""
        return secrets.randbelow(1 << 53) / (1 << 53)
