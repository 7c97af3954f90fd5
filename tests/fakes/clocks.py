"""A clock that tests turn. Short sleeps pass at once, and count; longer ones wait until the test has time pass."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """Implements `Clock`. Sleeps up to `patience` seconds advance it by themselves."""

    def __init__(self, now: datetime = START, patience: float = 19.0) -> None:
        self.wall_offset = timedelta(0)
        self.slept: list[float] = []
        self._start = now
        self._elapsed = 0.0
        self._patience = patience
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Start, plus what passed, plus what the wall clock was stepped by."""
        return self._start + timedelta(seconds=self._elapsed) + self.wall_offset

    def monotonic(self) -> float:
        """What passed."""
        return self._elapsed

    @property
    def waiting(self) -> int:
        """How many longer sleeps wait for `advance`."""
        return len(self._sleepers)

    async def sleep(self, seconds: float) -> None:
        """Pass at once, or wait for `advance`."""
        self.slept.append(seconds)
        if seconds <= self._patience:
            self._elapsed += seconds
            await asyncio.sleep(0)
            return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleeper = (self._elapsed + seconds, wake)
        self._sleepers.append(sleeper)
        try:
            await wake
        finally:
            self._sleepers = [one for one in self._sleepers if one is not sleeper]

    def advance(self, seconds: float) -> None:
        """Have time pass, and wake whose time it is."""
        self._elapsed += seconds
        for at, wake in self._sleepers:
            if at <= self._elapsed and not wake.done():
                wake.set_result(None)
        self._sleepers = [one for one in self._sleepers if not one[1].done()]
