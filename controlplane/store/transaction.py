"""Statements of one unit of work: run them, translate what goes wrong, and remember that something did."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Executable, Row, Select, Table, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from controlplane.services.ports import Notice
from controlplane.store.engine import Database, Insert, to_the_end
from controlplane.store.faults import in_domain_words, to_domain, while_committing

Values = Mapping[str, Any]


class WriteRefused(RuntimeError):
    """A reading unit of work was asked to write, to lock or to announce; open it with `unit_of_work()`."""


class Transaction:
    """What repositories work with.

    A statement that failed spoils the transaction, on SQLite as it does on PostgreSQL: whatever is asked of it from
    then on fails alike, and nothing of it can be committed, even if the caller swallowed the error. An expected refusal
    is asked for with `insert_new`, which only says so.
    """

    def __init__(self, database: Database, connection: AsyncConnection, *, writing: bool) -> None:
        self._database = database
        self._connection = connection
        self._writing = writing
        self._failure: Exception | None = None
        self._notices: dict[Notice, Notice] = {}
        self._wrote = False

    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """Every row of a query."""
        return (await self._run(statement)).all()

    async def first(self, statement: Executable) -> Row[Any] | None:
        """The query's first row."""
        return (await self._run(statement)).first()

    async def held(
        self, query: Select[Any], *, skip_locked: bool = False, key_share: bool = False
    ) -> Sequence[Row[Any]]:
        """Every row, nobody else changing them until the unit of work ends (on SQLite nobody else writes at all)."""
        self._may_write()
        return await self.rows(query.with_for_update(skip_locked=skip_locked, key_share=key_share))

    async def to_change(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """Every row, held when this unit of work may write: what it decides from them must not change under it."""
        return await (self.held(query) if self._writing else self.rows(query))

    async def change(self, statement: Executable, parameters: Values | Sequence[Values] | None = None) -> int:
        """Run a statement that writes, once for each of `parameters`; how many rows it reached."""
        return (await self._write(statement.execution_options(preserve_rowcount=True), parameters)).rowcount

    async def changed_row(self, statement: Executable) -> Row[Any] | None:
        """Run a statement that writes and returns a row."""
        return (await self._write(statement)).first()

    async def insert(self, table: Table, values: Values | Sequence[Values]) -> None:
        """Add one row or many."""
        await self._write(self._database.insert(table), values)

    async def insert_alike(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]], alike: Values
    ) -> None:
        """Add rows that differ in `columns` only, in one statement; `alike` is what they share."""
        given = self._database.given([table.c[name] for name in columns], rows)
        shared = [literal(value, table.c[name].type).label(name) for name, value in alike.items()]
        query = select(*(given.c[name] for name in columns), *shared)
        await self._write(self._database.insert(table).from_select([*columns, *alike], query))

    async def change_each(
        self,
        table: Table,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        alike: Values,
        only: ColumnElement[bool],
    ) -> int:
        """Change rows in one statement, each found by the first of `columns`: the others as given, those in `alike` in
        the same way; how many of which `only` is true there were."""
        given = self._database.given([table.c[name] for name in columns], rows)
        found, *changed = columns
        values = {name: given.c[name] for name in changed} | dict(alike)
        return await self.change(update(table).where(table.c[found] == given.c[found], only).values(values))

    async def insert_new(self, table: Table, values: Values) -> bool:
        """Add a row unless it breaks a promise of uniqueness; whether it was added."""
        statement = self._database.insert(table).values(**values)
        return await self.change(statement.on_conflict_do_nothing()) == 1

    async def replace(self, table: Table, values: Values) -> None:
        """Add a row, or replace the one with the same primary key."""
        statement: Insert = self._database.insert(table).values(**values)
        key = list(table.primary_key.columns)
        rest = {column.name: statement.excluded[column.name] for column in table.columns if column not in set(key)}
        await self._write(statement.on_conflict_do_update(index_elements=key, set_=rest))

    async def claim(self, name: str) -> bool:
        """Hold the name until the end of this transaction, if it writes; False when another one holds it."""
        if not self._writing:
            return True
        try:
            return await self._database.claim(self._connection, name)
        except Exception as error:
            raise self._failed(error) from None

    async def now(self) -> datetime:
        """The database's time."""
        try:
            return await self._database.now(self._connection)
        except Exception as error:
            raise self._failed(error) from None

    def announce(self, notice: Notice) -> None:
        """Keep a notice for the commit; the same one once, and then what one of them tells was made is not all."""
        self._may_write()
        self._notices[notice] = replace(notice, made=None) if notice in self._notices else notice

    async def commit(self, told: list[Notice]) -> None:
        """Make everything visible; `told` gets what is to be told of it. Raises what failed before, if anything did."""
        if self._failure is not None:
            raise self._failure
        notices = list(self._notices.values())
        with in_domain_words():
            if self._wrote or notices:
                await self._database.prepare_commit(self._connection, notices)
        with while_committing():
            await self._connection.commit()
        told += notices

    async def _write(
        self, statement: Executable, parameters: Values | Sequence[Values] | None = None
    ) -> CursorResult[Any]:
        self._may_write()
        self._wrote = True
        return await self._run(statement, parameters)

    async def _run(
        self, statement: Executable, parameters: Values | Sequence[Values] | None = None
    ) -> CursorResult[Any]:
        if self._failure is not None:
            raise self._failure
        try:
            running = self._connection.execute(statement, parameters)
            # SQLite goes on with a statement that nobody waits for any more, and with the lock that it holds: only when
            # it has ended can it be rolled back. PostgreSQL is told to give it up.
            return await (running if self._database.shared else to_the_end(running))
        except Exception as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> BaseException:
        self._failure = to_domain(error)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            return asyncio.CancelledError()  # which a driver that stumbled over it has lost
        return self._failure

    def _may_write(self) -> None:
        if not self._writing:
            raise WriteRefused("a reading unit of work was asked to write; open it with unit_of_work()")
