"""SQLite: one process, one writer at a time in a fair queue, readers beside it on snapshots of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, FromClause, Table, event, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from controlplane.domain.errors import Overloaded, Unavailable
from controlplane.services.ports import Clock, Notice
from controlplane.store.engine import BEGIN_WAIT, CONNECTION_WAIT, LOCK_WAIT, Connections, Insert
from controlplane.store.faults import LATER, SOON, in_domain_words
from controlplane.store.given import as_json
from controlplane.store.notices import Fanout
from controlplane.store.store_clock import StoreClock
from controlplane.store.tables import store_state

PRAGMAS = {
    "busy_timeout": int(LOCK_WAIT.total_seconds() * 1000),  # first: switching to WAL may have to wait, too
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "trusted_schema": "OFF",
    "journal_size_limit": 64 * 1024 * 1024,
}


class SqliteDatabase:
    """A migrated database file. Whoever makes it holds the file's lock."""

    shared = False

    def __init__(self, path: Path, writer: Connections, readers: Connections, clock: StoreClock) -> None:
        self.fanout = Fanout()
        self._path = path
        self._identity = _identity(path)
        self._clock = clock
        self._writer = writer
        self._readers = readers
        self._turn = asyncio.Lock()  # wakes waiters in the order they came

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """The one writer's transaction, when it is our turn."""
        try:
            async with asyncio.timeout(BEGIN_WAIT.total_seconds()):
                await self._turn.acquire()
        except TimeoutError:
            raise Overloaded("too many wait to write; none of it within the bounded wait", retry_after=SOON) from None
        try:
            async with self._writer.begun() as connection:
                yield connection
        finally:
            self._turn.release()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A snapshot as of its first query."""
        async with self._readers.begun() as connection:
            yield connection

    def insert(self, table: Table) -> Insert:
        """SQLite's INSERT."""
        return insert(table)

    def given(self, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> FromClause:
        """The rows as a table."""
        return as_json(columns, rows)

    async def claim(self, connection: AsyncConnection, name: str) -> bool:
        """The one writer holds everything."""
        return True

    async def now(self, connection: AsyncConnection) -> datetime:
        """The store's clock, which lives in this process, the only one."""
        return self._clock.now()

    async def prepare_commit(self, connection: AsyncConnection, notices: Sequence[Notice]) -> None:
        """Store the latest time that anybody was told, with the changes that may depend on it. SQLite itself would go
        on with a file that was removed, and what it stores there is lost with the process."""
        if _identity(self._path) != self._identity:
            raise Unavailable(
                "the database file was moved, removed or replaced; put it back, or start the control plane again",
                retry_after=LATER,
            )
        if (time := self._clock.unstored()) is not None:
            await connection.execute(update(store_state).values(latest_time=time))
            self._clock.stored(time)

    def committed(self, notices: Sequence[Notice]) -> None:
        """Tell this process, the only one."""
        for notice in notices:
            self.fanout.publish(notice)

    async def close(self) -> None:
        """End subscriptions and connections."""
        self.fanout.close()
        await self._writer.dispose()
        await self._readers.dispose()


async def open_sqlite(path: Path, clock: Clock, monotonic_ns: Callable[[], int], pool_size: int) -> SqliteDatabase:
    """The database with its clock set to no earlier than what it told before."""
    readers = _engine(path, pool_size, "BEGIN", {"query_only": "ON"})
    try:
        # This reader stays open: the last one to close would remove the files that a full disk cannot make again.
        async with readers.begun() as connection:
            with in_domain_words():
                stored = (await connection.execute(select(store_state.c.latest_time))).scalar_one()
    except BaseException:
        await readers.dispose()
        raise
    writer = _engine(path, 1, "BEGIN IMMEDIATE", {})
    return SqliteDatabase(path, writer, readers, StoreClock(clock, monotonic_ns, stored))


def _identity(path: Path) -> tuple[int, int] | None:
    """Of the file that has the name now; none when nothing has it."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def create_file(path: Path) -> None:
    """Make the file for its owner's eyes only; SQLite gives the files beside it the same rights."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def set_pragmas(connection: DBAPIConnection, more: dict[str, Any]) -> None:
    """Settings that live as long as a connection; outside any transaction, as WAL wants it."""
    cursor = connection.cursor()
    for name, value in {**PRAGMAS, **more}.items():
        cursor.execute(f"PRAGMA {name} = {value}")
    cursor.close()


def _engine(path: Path, size: int, begin: str, pragmas: dict[str, Any]) -> Connections:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        # The driver's own idea of when to begin would leave DDL and reads outside of transactions: it begins none.
        connect_args={"isolation_level": None},
        hide_parameters=True,
        pool_size=size,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT.total_seconds(),
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: DBAPIConnection, record: object) -> None:
        set_pragmas(connection, pragmas)

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return Connections(engine)
