"""PostgreSQL: writers and readers on pools of their own, every wait bounded, lost connections made again."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, FromClause, Table, event, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from controlplane.services.ports import Notice, Random
from controlplane.store.engine import CONNECTION_WAIT, Connections, Insert
from controlplane.store.given import as_arrays
from controlplane.store.listener import CHANNEL, Listener
from controlplane.store.notices import Fanout, to_payload
from controlplane.store.postgres_connecting import SESSION, SNAPSHOT, connect_args
from controlplane.store.postgres_faults import connection_is_in_doubt, server_is_lost

NOTIFY = text("SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload")
CLAIM = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


class PostgresDatabase:
    """A database that any number of replicas share."""

    shared = True

    def __init__(self, url: URL, random: Random, pool_size: int) -> None:
        self.fanout = Fanout()
        self._writers = _engine(url, pool_size, SESSION)
        self._readers = _engine(url, pool_size, SESSION | SNAPSHOT)
        arguments = url.get_dialect()().create_connect_args(url)[1]
        self._listener = Listener({**arguments, **connect_args(url, SESSION)}, self.fanout, random)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """READ COMMITTED: whoever waited for a row sees what the one before made of it."""
        async with self._writers.begun() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """REPEATABLE READ READ ONLY: a snapshot as of its first query."""
        async with self._readers.begun() as connection:
            yield connection

    def insert(self, table: Table) -> Insert:
        """PostgreSQL's INSERT."""
        return insert(table)

    def given(self, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> FromClause:
        """The rows as a table."""
        return as_arrays(columns, rows)

    async def claim(self, connection: AsyncConnection, name: str) -> bool:
        """By an advisory lock; names that meet in 64 bits only make one of two wait for nothing."""
        return bool((await connection.execute(CLAIM, {"name": name})).scalar_one())

    async def now(self, connection: AsyncConnection) -> datetime:
        """The server's clock, not the transaction's start."""
        told: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return told.astimezone(UTC)

    async def prepare_commit(self, connection: AsyncConnection, notices: Sequence[Notice]) -> None:
        """Notices become visible with the changes, or not at all."""
        if notices:
            payloads = [to_payload(notice) for notice in notices]
            await connection.execute(NOTIFY, {"channel": CHANNEL, "payloads": payloads})

    def committed(self, notices: Sequence[Notice]) -> None:
        """Nothing: the server tells every replica, this one too."""

    def start(self) -> None:
        """Begin to listen; the database may still be away."""
        self._listener.start()

    async def close(self) -> None:
        """End the listener, subscriptions and connections."""
        await self._listener.stop()
        self.fanout.close()
        await self._writers.dispose()
        await self._readers.dispose()


def _engine(url: URL, size: int, session: dict[str, Any]) -> Connections:
    engine = create_async_engine(
        url,
        connect_args=connect_args(url, session),
        hide_parameters=True,
        pool_pre_ping=True,  # a backend that ended meanwhile is replaced before anybody notices
        pool_size=size,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT.total_seconds(),
    )
    event.listen(engine.sync_engine, "handle_error", _close_what_is_in_doubt)
    return Connections(engine)


def _close_what_is_in_doubt(failure: ExceptionContext) -> None:
    """Of a connection's failures, also while it is asked whether it still lives: nobody has it again."""
    error = failure.original_exception
    if not failure.is_disconnect and connection_is_in_doubt(error):
        failure.is_disconnect = True
        failure.invalidate_pool_on_disconnect = server_is_lost(error)
