"""Opened stores for tests on either database, each on a fresh copy of a migrated one, with a clock to turn by hand."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import NullPool, create_engine

from controlplane.domain.errors import Unavailable
from controlplane.store import SqlStore, migrate, open_store
from controlplane.store.tables import metadata, store_state
from tests.fakes.postgres import PostgresServer

KINDS = ("sqlite", "postgresql")


@dataclass(slots=True)
class HandClock:
    """The host's clock and its monotonic one; both move only when told to."""

    time: datetime = field(default_factory=lambda: datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
    monotonic: int = 1_000_000_000

    def now(self) -> datetime:
        """Aware UTC."""
        return self.time

    def monotonic_ns(self) -> int:
        """Nanoseconds since some instant."""
        return self.monotonic

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.time += by
        self.monotonic += by // timedelta(microseconds=1) * 1000


class CountedRandom:
    """Bytes that differ from call to call and are the same in every run."""

    def __init__(self) -> None:
        self._calls = 0

    def bytes(self, count: int) -> bytes:
        """The number of the call, big-endian."""
        self._calls += 1
        return self._calls.to_bytes(count, "big", signed=False) if count > 1 else bytes([self._calls % 256])


def sqlite_url(path: Path) -> str:
    """The address of that file."""
    return f"sqlite:///{path}"


def copy_of_migrated_file(template: Path, target: Path) -> str:
    """The address of a new, migrated, empty file; the template is made the first time."""
    if not template.exists():
        migrate(sqlite_url(template))
    shutil.copyfile(template, target)
    return sqlite_url(target)


def migrated_database(server: PostgresServer) -> str:
    """The name of a new database with every table, to be used or copied."""
    name = server.create_database()
    migrate(server.url(name))
    return name


def empty_tables(url: str) -> None:
    """Delete every row but the store's own; many times quicker than a database for each test."""
    tables = [table for table in reversed(metadata.sorted_tables) if table is not store_state]
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for table in tables:
            connection.execute(table.delete())
    engine.dispose()


@asynccontextmanager
async def opened(url: str, clock: HandClock | None = None, *, pool_size: int = 10) -> AsyncIterator[SqlStore]:
    """The store at that address until the block ends."""
    clock = clock or HandClock()
    async with open_store(
        url, clock=clock, random=CountedRandom(), pool_size=pool_size, monotonic_ns=clock.monotonic_ns
    ) as store:
        yield store


async def eventually_answers(store: SqlStore, *, within: timedelta) -> None:
    """Return as soon as the store answers. Raises what it said last when it never did."""
    async with asyncio.timeout(within.total_seconds()):
        while True:
            try:
                return await store.ping()
            except Unavailable:
                await asyncio.sleep(0.05)
