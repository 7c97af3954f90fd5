"""Asks the control plane until it answers: back-off with fresh jitter, its wishes obeyed, revocation believed late."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from liaison_agent.ports import (
    Answer,
    Clock,
    ControlPlane,
    ControlPlaneError,
    ControlPlaneRefused,
    ControlPlaneUnreachable,
    Poll,
)

REVOKED = "DATAPLANE_REVOKED"
FIRST_BACK_OFF = 0.2
LONGEST_BACK_OFF = 15.0
REVOCATION_CONFIRMED_AFTER = 30.0
HANG = timedelta(seconds=30)

_log = logging.getLogger(__name__)


class DataplaneRevoked(Exception):
    """The control plane has said twice, at least 30 s apart, that this data plane is revoked."""


class Poller:
    """One question at a time. `random` gives the jitter: a share of the present limit, drawn anew each time."""

    def __init__(self, control: ControlPlane, clock: Clock, randomness: random.Random) -> None:
        self._control = control
        self._clock = clock
        self._random = randomness
        self._limit = FIRST_BACK_OFF
        self._not_before = clock.monotonic()
        self._revoked_since: float | None = None
        self.reachable = True

    async def ask(self, poll: Poll, meanwhile: Callable[[], Awaitable[None]] | None = None) -> Answer:
        """The next answer, however long it takes; `meanwhile` is done after each try that failed.

        Raises `DataplaneRevoked`."""
        while True:
            await self._wait_for_turn()
            try:
                answer = await self._control.poll(poll)
            except ControlPlaneError as error:
                await self.back_off(error)
                if meanwhile is not None:
                    await meanwhile()
                continue
            self._answered(answer)
            return answer

    async def back_off(self, error: ControlPlaneError | None = None) -> None:
        """Wait after a failure of any call: up to a limit that doubles from 0.2 to 15 s, or as long as was asked for.

        Raises `DataplaneRevoked` when `error` says so for the second time."""
        pause = self._random.uniform(0, self._limit)
        self._limit = min(self._limit * 2, LONGEST_BACK_OFF)
        if isinstance(error, ControlPlaneUnreachable) and error.retry_after is not None:
            pause += error.retry_after.total_seconds()
        if isinstance(error, ControlPlaneRefused) and error.reason == REVOKED:
            pause = max(pause, self._until_revocation_is_confirmed())
        if error is not None:
            self._notice(error)
        await self._clock.sleep(pause)

    async def _wait_for_turn(self) -> None:
        pause = self._not_before - self._clock.monotonic()
        if pause > 0:
            await self._clock.sleep(pause)

    def all_went_well(self) -> None:
        """A whole round succeeded, not the poll alone: the next failure starts with the shortest pause again."""
        self._limit = FIRST_BACK_OFF

    def _answered(self, answer: Answer) -> None:
        if not self.reachable:
            _log.info("the control plane answers again")
        self.reachable = True
        self._revoked_since = None
        self._not_before = self._clock.monotonic() + (0 if answer.more else answer.next_poll_after.total_seconds())

    def _until_revocation_is_confirmed(self) -> float:
        """Seconds until a second sight of it would count; the second sight raises."""
        now = self._clock.monotonic()
        if self._revoked_since is None:
            self._revoked_since = now
        elif now - self._revoked_since >= REVOCATION_CONFIRMED_AFTER:
            raise DataplaneRevoked
        return self._revoked_since + REVOCATION_CONFIRMED_AFTER - now

    def _notice(self, error: ControlPlaneError) -> None:
        """Once an outage, not once a try."""
        if self.reachable:
            _log.warning("the control plane cannot be used, what serves goes on serving: %s", error)
        self.reachable = False
