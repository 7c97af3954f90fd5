"""Runs the upkeep at its intervals inside this process; a task that fails is tried again at its next time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from controlplane.domain.errors import DomainError
from controlplane.scheduler.leadership import RENEWED_EVERY, Leadership

Task = Callable[[], Awaitable[Any]]
Tasks = Mapping[str, tuple[timedelta, Task]]
RENEW = "renew leases"
log = logging.getLogger(__name__)


class Upkeep:
    """Tasks by name: how often, and what. `everywhere`: on every replica; `once`: on the one that leads the task."""

    def __init__(self, everywhere: Tasks, once: Tasks, leadership: Leadership) -> None:
        self._leadership = leadership
        self._led = frozenset(once)
        tasks: dict[str, tuple[timedelta, Task]] = {
            RENEW: (RENEWED_EVERY, self._renew),
            **everywhere,
            **{name: (every, self._if_led(name, task)) for name, (every, task) in once.items()},
        }
        self._tasks = {name: task for name, (_, task) in tasks.items()}
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        for name, (every, task) in tasks.items():
            trigger = IntervalTrigger(seconds=every.total_seconds())
            self._scheduler.add_job(_guarded(name, task), trigger, id=name, max_instances=1, coalesce=True)

    def start(self) -> None:
        """From now on."""
        self._scheduler.start()

    async def run_all(self, *only: str) -> None:
        """Every task once, now, or those that are named; a leader's if this is one. Raises what a task raises."""
        for name in only or self._tasks:
            await self._tasks[name]()

    async def stop(self) -> None:
        """No task starts any more, and other replicas may lead."""
        self._scheduler.shutdown(wait=False)
        await self._leadership.resign()

    async def _renew(self) -> None:
        await self._leadership.renew(self._led)

    def _if_led(self, name: str, task: Task) -> Task:
        async def run() -> None:
            if self._leadership.leads(name):
                await task()

        return run


def _guarded(name: str, task: Task) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        try:
            await task()
        except asyncio.CancelledError:  # by the scheduler at its end, which would log that as a failure
            log.debug("%s is cut short", name)
        except DomainError as error:
            log.debug("%s waits for its next time: %s", name, error)
        except Exception:
            log.exception("%s failed", name)

    return run
