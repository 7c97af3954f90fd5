"""The store on SQLite or PostgreSQL: the only place where anything of the control plane is kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from controlplane.services.ports import Clock, Random
from controlplane.store.archive import BadBackup
from controlplane.store.backup import back_up, new_epoch, restore
from controlplane.store.file_lock import StoreInUse, only_process
from controlplane.store.migrations import SchemaTooNew, migrate, migrate_locked, pending
from controlplane.store.sql_store import SqlStore
from controlplane.store.sqlite import open_sqlite
from controlplane.store.transaction import WriteRefused
from controlplane.store.urls import BadStoreUrl, sqlite_path, store_url

__all__ = [
    "BadBackup",
    "BadStoreUrl",
    "SchemaTooNew",
    "SqlStore",
    "StoreInUse",
    "WriteRefused",
    "back_up",
    "migrate",
    "new_epoch",
    "open_store",
    "pending",
    "restore",
]


@contextlib.asynccontextmanager
async def open_store(
    url: str,
    *,
    clock: Clock,
    random: Random,
    pool_size: int = 10,
    monotonic_ns: Callable[[], int] = time.monotonic_ns,
) -> AsyncIterator[SqlStore]:
    """The store at `sqlite:///<path>` or `postgresql://…` until the block ends.

    A SQLite file is made and migrated when it has to be, and belongs to this process until the end (StoreInUse).
    PostgreSQL is opened even while it is away, and never migrated: ask `pending(url)`, run `migrate(url)`. `pool_size`
    bounds the connections of readers and, on PostgreSQL, those of writers likewise; one more listens. Raises
    BadStoreUrl, SchemaTooNew.
    """
    target = store_url(url)
    if target.get_backend_name() == "postgresql":
        from controlplane.store.postgres import PostgresDatabase  # with its driver, which SQLite does without

        shared = PostgresDatabase(target, random, pool_size)
        shared.start()
        try:
            yield SqlStore(shared)
        finally:
            await shared.close()
        return
    path = sqlite_path(target)
    with only_process(path):
        await asyncio.to_thread(migrate_locked, target)
        database = await open_sqlite(path, clock, monotonic_ns, pool_size)
        try:
            yield SqlStore(database)
        finally:
            await database.close()
