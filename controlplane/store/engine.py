"""What a kind of database has to provide for the store; SQLite and PostgreSQL each do it in their own way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import Column, FromClause, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from controlplane.services.ports import Notice
from controlplane.store.faults import in_domain_words, while_opening
from controlplane.store.notices import Fanout

BEGIN_WAIT = timedelta(seconds=5)  # for the writer's turn or a connection, new ones included
CONNECTION_WAIT = timedelta(seconds=3)  # for a connection of the pool
LOCK_WAIT = timedelta(seconds=4)  # for somebody else's row or file lock
STATEMENT_LIMIT = timedelta(seconds=10)

Insert = postgresql.Insert | sqlite.Insert
Result = TypeVar("Result")


class Database(Protocol):
    """One database of one kind, with its connections."""

    fanout: Fanout
    shared: bool

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that may write; rolled back at the end of the block unless committed in it."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction over one snapshot in which the database itself refuses writes."""

    def insert(self, table: Table) -> Insert:
        """An INSERT that knows ON CONFLICT."""

    def given(self, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> FromClause:
        """The rows as a table whose columns are named and typed like these; no bytes are in them."""

    async def claim(self, connection: AsyncConnection, name: str) -> bool:
        """Hold the name until the connection's transaction ends; False when another one holds it. Waits for nobody."""

    async def now(self, connection: AsyncConnection) -> datetime:
        """The database's time as aware UTC."""

    async def prepare_commit(self, connection: AsyncConnection, notices: Sequence[Notice]) -> None:
        """What has to be written with the changes themselves."""

    def committed(self, notices: Sequence[Notice]) -> None:
        """What has to happen once they are visible."""

    async def close(self) -> None:
        """Give back every connection and lock."""


class Connections:
    """An engine's connections, lent a transaction at a time, and closed to the last one."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lent = 0
        self._all_back = asyncio.Event()
        self._disposed = False
        self._given_up: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def begun(self) -> AsyncIterator[AsyncConnection]:
        """One with a transaction begun within BEGIN_WAIT; it goes back, rolled back, even when cancelled."""
        connection = self._engine.connect()
        with while_opening():
            await self._had(connection)
        self._lent += 1
        try:
            with in_domain_words():
                async with asyncio.timeout(BEGIN_WAIT.total_seconds()):
                    _ = await to_the_end(_begin(connection))
            yield connection
        finally:
            with contextlib.suppress(Exception):  # a dead connection has rolled back by itself
                await to_the_end(self._take_back(connection))

    async def _had(self, connection: AsyncConnection) -> None:
        """Once it is there. Raises TimeoutError after BEGIN_WAIT: a driver whose server fell silent takes ten seconds
        more to give up what it began, which nobody waits for."""
        start = asyncio.create_task(_started(connection))
        try:
            await asyncio.wait({start}, timeout=BEGIN_WAIT.total_seconds())
            if not start.done():
                raise TimeoutError
        except (TimeoutError, asyncio.CancelledError):
            start.cancel()
            self._lent += 1
            given_up = asyncio.create_task(self._give_up(start, connection))
            self._given_up.add(given_up)
            given_up.add_done_callback(self._given_up.discard)
            raise
        start.result()

    async def _give_up(self, start: asyncio.Task[None], connection: AsyncConnection) -> None:
        await asyncio.gather(start, return_exceptions=True)
        with contextlib.suppress(Exception):  # it was never had
            await self._take_back(connection)

    async def dispose(self) -> None:
        """Close all of them, in the end; those that are lent are waited for within BEGIN_WAIT."""
        while self._lent:
            self._all_back.clear()
            try:
                async with asyncio.timeout(BEGIN_WAIT.total_seconds()):
                    await self._all_back.wait()
            except TimeoutError:
                break
        self._disposed = True
        await to_the_end(self._engine.dispose())

    async def _take_back(self, connection: AsyncConnection) -> None:
        """Into the pool; what comes back after the engine's end is closed here, or nobody would."""
        try:
            if self._disposed:
                await connection.invalidate()
            await connection.close()
        finally:
            self._lent -= 1
            if not self._lent:
                self._all_back.set()


async def _begin(connection: AsyncConnection) -> None:
    _ = await connection.begin()


async def _started(connection: AsyncConnection) -> None:
    _ = await connection.start()


async def to_the_end(step: Coroutine[Any, Any, Result]) -> Result:
    """Await the step; when cancelled meanwhile, let it finish all the same, then be cancelled."""
    task = asyncio.ensure_future(step)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:
            break  # the step's own, raised below
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # seen, so that nobody warns of it
        raise cancelled
    return task.result()
