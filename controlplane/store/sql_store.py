"""The store: units of work over one database, its epoch, its notices and its health."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from sqlalchemy import select, text

from controlplane.domain.errors import Unavailable
from controlplane.services.ports import Notice
from controlplane.store.engine import Database, to_the_end
from controlplane.store.faults import LATER, in_domain_words
from controlplane.store.migrations import revisions
from controlplane.store.tables import store_state
from controlplane.store.transaction import Transaction
from controlplane.store.unit_of_work import SqlUnitOfWork


class SqlStore:
    """The port's Store on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._migrated = False

    @property
    def shared(self) -> bool:
        """Whether other processes may use it at the same time."""
        return self._database.shared

    @contextlib.asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[SqlUnitOfWork]:
        """A writing transaction; a commit that has begun is finished even when its task is cancelled. What it tells is
        told when everything is done, so that who called is answered before a crowd is."""
        notices: list[Notice] = []
        try:
            async with self._database.writing() as connection:
                transaction = Transaction(self._database, connection, writing=True)
                yield SqlUnitOfWork(transaction)
                await to_the_end(transaction.commit(notices))
        finally:
            self._database.committed(notices)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlUnitOfWork]:
        """A snapshot; writing into it raises WriteRefused."""
        async with self._database.reading() as connection:
            yield SqlUnitOfWork(Transaction(self._database, connection, writing=False))

    async def epoch(self) -> str:
        """Random identity of this store's history."""
        async with self._database.reading() as connection:
            with in_domain_words():
                return str((await connection.execute(select(store_state.c.epoch))).scalar_one())

    def notices(self) -> AsyncIterator[Notice]:
        """Every notice from this call on, not only from the first step of the iteration."""
        return self._database.fanout.subscribe()

    async def ping(self) -> None:
        """Raises Unavailable when the database does not answer, or lacks migrations of this release."""
        async with self._database.reading() as connection:
            with in_domain_words():
                found = set((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars())
        ours = revisions()
        if found < set(ours) and ours[-1] not in found:  # a newer release's is fine: its changes are made to fit both
            raise Unavailable("the database lacks migrations of this release; run them", retry_after=LATER)
