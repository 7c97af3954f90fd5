"""PostgreSQL: writers and readers on pools of their own, every wait bounded, lost connections made again."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from controlplane.services.ports import Notice, Random
from controlplane.store.engine import CONNECTION_WAIT, LOCK_WAIT, STATEMENT_LIMIT, Connections, Insert
from controlplane.store.listener import CHANNEL, Listener
from controlplane.store.notices import Fanout, to_payload

NOTIFY = text("SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload")

# A peer that vanished without a word (a failover) is noticed within seconds, not after the kernel's two hours.
CONNECT_ARGS = {
    "application_name": "agentrouter",
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5000,
}
SESSION = {
    "timezone": "UTC",
    "statement_timeout": int(STATEMENT_LIMIT.total_seconds() * 1000),
    "lock_timeout": int(LOCK_WAIT.total_seconds() * 1000),
    "idle_in_transaction_session_timeout": 60_000,
}
SNAPSHOT = {"default_transaction_isolation": "repeatable\\ read", "default_transaction_read_only": "on"}


class PostgresDatabase:
    """A database that any number of replicas share."""

    shared = True

    def __init__(self, url: URL, random: Random, pool_size: int) -> None:
        self.fanout = Fanout()
        self._writers = _engine(url, pool_size, SESSION)
        self._readers = _engine(url, pool_size, SESSION | SNAPSHOT)
        arguments = url.get_dialect()().create_connect_args(url)[1]
        self._listener = Listener({**arguments, **CONNECT_ARGS}, self.fanout, random)

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


def session_options(settings: dict[str, Any]) -> str:
    """Settings as libpq sends them with the connection itself, at no further round trip."""
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _engine(url: URL, size: int, session: dict[str, Any]) -> Connections:
    given = str(url.query.get("options", ""))  # an operator's own come last and so win
    options = f"{session_options(session)} {given}".strip()
    engine = create_async_engine(
        url.difference_update_query(["options"]),
        connect_args={**CONNECT_ARGS, "options": options},
        hide_parameters=True,
        pool_pre_ping=True,  # a backend that ended meanwhile is replaced before anybody notices
        pool_size=size,
        max_overflow=0,
        pool_timeout=CONNECTION_WAIT.total_seconds(),
    )
    return Connections(engine)
