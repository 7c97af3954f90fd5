"""The real control plane on two ports of this process, over a real database, with a time that tests may hurry."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contract.egress import STRICT, EgressPolicy
from controlplane.bootstrap import ControlPlane, assemble
from controlplane.security.keyring import KeyRing, MasterKey
from controlplane.server import bind, serve_plane
from controlplane.services.ports import Notice
from controlplane.settings import Settings
from controlplane.store import open_store
from controlplane.system import SystemRandom

_one_barrier = asyncio.Lock()
barriers = itertools.count(1)
MASTER_KEY = MasterKey(bytes(range(32)))


@dataclass(slots=True)
class HurriedClock:
    """The host's clock, plus what tests have skipped."""

    skipped: timedelta = timedelta()

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self.skipped

    def skip(self, by: timedelta) -> None:
        """Have time pass, for the store's leases as well."""
        self.skipped += by


class HurriedStore:
    """The store, whose time runs ahead by what the clock has skipped; everything else is the store's own."""

    def __init__(self, store: Any, clock: HurriedClock) -> None:
        self._store = store
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextlib.asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[Any]:
        async with self._store.unit_of_work() as work:
            yield _HurriedWork(work, self._clock)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        async with self._store.reading() as work:
            yield _HurriedWork(work, self._clock)


class _HurriedWork:
    def __init__(self, work: Any, clock: HurriedClock) -> None:
        self._work = work
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    async def now(self) -> datetime:
        told: datetime = await self._work.now()
        return told + self._clock.skipped


class Journal(logging.Handler):
    """Everything that was logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass(frozen=True, slots=True)
class Running:
    """A control plane that answers. `database_url` may be opened beside it."""

    plane: ControlPlane
    clock: HurriedClock
    grpc: str
    url: str
    database_url: str
    journal: Journal = field(repr=False)

    async def noticed(self) -> None:
        """Return once every notice so far was followed: one of ours stands behind them in the same queue."""
        async with _one_barrier:
            await self._pass_barrier(f"barrier-{next(barriers)}")

    def forget(self, workspace_id: str) -> None:
        """Nobody will poll this workspace any more: no upkeep reads it again, which the tests of hours would feel."""
        self.plane.feed._views.pop(workspace_id, None)

    async def _pass_barrier(self, ours: str) -> None:
        followed = asyncio.Event()
        told = self.plane.feed.on_identity
        self.plane.feed.on_identity = lambda identity: followed.set() if identity == ours else told(identity)
        try:
            async with self.plane.store.unit_of_work() as work:
                work.announce(Notice("", identity=ours))
            await asyncio.wait_for(followed.wait(), 60)
        finally:
            self.plane.feed.on_identity = told


@contextlib.asynccontextmanager
async def running(database_url: str, home: Path, egress: EgressPolicy = STRICT) -> AsyncIterator[Running]:
    """Serve until the block ends, then drain."""
    journal, clock = Journal(), HurriedClock()
    logging.getLogger().addHandler(journal)
    settings = Settings(home=home, grpc_address="127.0.0.1:0", http_address="127.0.0.1:0")
    listener = bind(settings.http_address)
    stopping = asyncio.Event()
    addresses: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
    async with open_store(database_url, clock=HurriedClock(), random=SystemRandom()) as store:
        plane = assemble(HurriedStore(store, clock), KeyRing(MASTER_KEY), clock, SystemRandom(), egress=egress)
        serving = asyncio.create_task(
            serve_plane(plane, settings, listener, stopping, lambda *told: addresses.set_result(told))
        )
        try:
            grpc_address, http_address = await addresses
            yield Running(plane, clock, grpc_address, f"http://{http_address}", database_url, journal)
        finally:
            stopping.set()
            await serving
            listener.close()
            logging.getLogger().removeHandler(journal)
