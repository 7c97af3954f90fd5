"""Which replica runs what only one should: whoever holds the task's lease in the database, while it renews it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from controlplane.domain.errors import DomainError
from controlplane.services.ports import Store

LEASE = timedelta(seconds=5)
RENEWED_EVERY = timedelta(seconds=1.5)
MARGIN = timedelta(seconds=0.5)  # for a task that begins in the last moment
log = logging.getLogger(__name__)


class Leadership:
    """`replica` names this process. A store that only one process can use makes it the leader of everything.

    Between renewals nothing is asked: the lease is believed for as long as it was given, by this process's monotonic
    time from before it was asked for, less a margin; so a process that was stopped knows that it no longer leads.
    """

    def __init__(self, store: Store, replica: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._replica = replica
        self._monotonic = monotonic
        self._held: frozenset[str] = frozenset()
        self._until = 0.0

    def leads(self, task: str) -> bool:
        """Whether this process may begin the task now."""
        return not self._store.shared or (task in self._held and self._monotonic() < self._until)

    async def renew(self, tasks: Iterable[str]) -> None:
        """Take what is free, keep what is held. Raises Unavailable."""
        if not self._store.shared:
            return
        asked_at = self._monotonic()
        async with self._store.unit_of_work() as work:
            now = await work.now()
            held = await work.task_leases.take(frozenset(tasks), self._replica, now, now + LEASE)
        if held != self._held:
            log.info("leads %s", ", ".join(sorted(held)) or "nothing any more")
        self._held, self._until = held, asked_at + (LEASE - MARGIN).total_seconds()

    async def resign(self) -> None:
        """Others take over at their next look instead of waiting for the lease to end."""
        held, self._held = self._held, frozenset()
        if held:
            try:
                async with self._store.unit_of_work() as work:
                    await work.task_leases.release(self._replica)
            except DomainError as error:
                log.info("leases end by themselves: %s", error)
