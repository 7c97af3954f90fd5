"""Runs the upkeep at its intervals inside this process; a task that fails is tried again at its next time."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from controlplane.domain.errors import DomainError

Task = Callable[[], Awaitable[Any]]
log = logging.getLogger(__name__)


class Upkeep:
    """`tasks` by name: how often, and what."""

    def __init__(self, tasks: Mapping[str, tuple[timedelta, Task]]) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._tasks = {name: task for name, (_, task) in tasks.items()}
        for name, (every, task) in tasks.items():
            trigger = IntervalTrigger(seconds=every.total_seconds())
            self._scheduler.add_job(_guarded(name, task), trigger, id=name, max_instances=1, coalesce=True)

    def start(self) -> None:
        """From now on."""
        self._scheduler.start()

    async def run_all(self) -> None:
        """Every task once, now. Raises what a task raises."""
        for task in self._tasks.values():
            await task()

    def stop(self) -> None:
        """No task starts any more."""
        self._scheduler.shutdown(wait=False)


def _guarded(name: str, task: Task) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        try:
            await task()
        except DomainError as error:
            log.debug("%s waits for its next time: %s", name, error)
        except Exception:
            log.exception("%s failed", name)

    return run
