"""The real clock, ids and randomness; everything else gets them given."""

from __future__ import annotations

import os
import random
import secrets
import time
from datetime import UTC, datetime

# Crockford's digits, ten bits at a time: a change makes two ids for each agent that hears of it.
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
PAIRS = [high + low for high in DIGITS for low in DIGITS]
PLACES = range(120, -1, -10)


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
        """`<prefix>_<ulid>`, lower case: milliseconds since 1970 in 48 bits, then 80 random ones."""
        fresh = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
        value = self._last = max(fresh, self._last + 1)
        digits = "".join([PAIRS[value >> place & 1023] for place in PLACES])
        return f"{prefix}_{digits}"


class SystemRandom:
    """The operating system's generator; what is drawn at every poll comes from one that it seeded."""

    def __init__(self) -> None:
        self._spread = random.Random(secrets.randbits(128))

    def bytes(self, count: int) -> bytes:
        """Unpredictable bytes."""
        return secrets.token_bytes(count)

    def fraction(self) -> float:
        """In [0, 1), to spread what would come at once: not for secrets."""
        return self._spread.random()
