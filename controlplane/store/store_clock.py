"""The time of a store on SQLite: never back, not even when the host's clock goes back or the process starts again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from controlplane.services.ports import Clock


class StoreClock:
    """The highest time ever stored plus the monotonic time since, or the host's time if that is later."""

    def __init__(self, clock: Clock, monotonic_ns: Callable[[], int], stored: datetime | None) -> None:
        self._clock = clock
        self._monotonic_ns = monotonic_ns
        self._read_at_ns = monotonic_ns()
        self._time = max(stored, clock.now()) if stored else clock.now()
        self._stored = stored

    def now(self) -> datetime:
        """Aware UTC, never before an earlier answer."""
        elapsed_us = (self._monotonic_ns() - self._read_at_ns) // 1000
        self._read_at_ns += elapsed_us * 1000  # what is left of a microsecond counts the next time
        self._time = max(self._time + timedelta(microseconds=elapsed_us), self._clock.now())
        return self._time

    def unstored(self) -> datetime | None:
        """The latest time that was told and is not stored yet."""
        return None if self._time == self._stored else self._time

    def stored(self, time: datetime) -> None:
        """That time is on disk now."""
        self._stored = time
