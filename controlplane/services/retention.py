"""What is let go after its time: old versions and sources, secrets that nothing names any more, finished events, kept
answers, progress of full syncs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from controlplane.services.answers import KEPT_FOR
from controlplane.services.ports import Store, UnitOfWork
from controlplane.services.unused_secrets import UnusedSecrets

VERSIONS_KEPT_FOR = timedelta(days=30)
SOURCES_KEPT_FOR = timedelta(days=30)
SOURCES_KEPT = 50  # the newest of each document, however old
EVENTS_KEPT_FOR = timedelta(days=30)
AT_ONCE = 1000  # rows a transaction, so that nobody waits long for the writer

Purge = Callable[[UnitOfWork, datetime], Awaitable[int]]


class Retention:
    """May run at any time, twice, and be missed. The current version of everything stays, however old."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def purge(self) -> int:
        """How many versions, sources, secrets and events went."""
        async with self._store.unit_of_work() as work:
            await work.full_syncs.purge_steps(await work.now() - KEPT_FOR)
        gone = await self._all(_versions) + await self._all(_sources) + await self._all(_events)
        return gone + await UnusedSecrets(self._store).sweep()  # after the sources, which name secrets

    async def purge_answers(self) -> None:
        """Answers to requests that may no longer be repeated."""
        async with self._store.unit_of_work() as work:
            await work.answers.purge(await work.now())

    async def _all(self, purge: Purge) -> int:
        gone = 0
        while True:
            async with self._store.unit_of_work() as work:
                part = await purge(work, await work.now())
            gone += part
            if part < AT_ONCE:
                return gone


async def _versions(work: UnitOfWork, now: datetime) -> int:
    return await work.configurations.purge_outdated(now - VERSIONS_KEPT_FOR, AT_ONCE)


async def _sources(work: UnitOfWork, now: datetime) -> int:
    return await work.document_versions.purge(now - SOURCES_KEPT_FOR, SOURCES_KEPT, AT_ONCE)


async def _events(work: UnitOfWork, now: datetime) -> int:
    return await work.events.purge_finished(now - EVENTS_KEPT_FOR, AT_ONCE)
