"""Backup and restore of either database as a whole, and the new epoch that a restore begins. Everything here blocks.

A backup is one snapshot, taken beside whoever is working. A restore is one transaction: either everything is there
afterwards, in a new epoch, or the database is as it was before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Table, delete, func, select, text, update

from controlplane.domain.errors import StateConflict
from controlplane.store import archive, epochs
from controlplane.store.archive import BadBackup, Header
from controlplane.store.faults import in_domain_words
from controlplane.store.file_lock import only_process
from controlplane.store.migrations import ADVISORY_LOCK, blocking_engine, migrate_locked, pending, revisions
from controlplane.store.migrations import migrate as migrate_database
from controlplane.store.tables import metadata, store_state
from controlplane.store.urls import sqlite_path, store_url

AT_ONCE = 500
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'agentrouter' AND pid <> pg_backend_pid()"
)

Progress = Callable[[int, int], None]  # rows done, rows in all


def back_up(url: str, path: Path, *, now: datetime, progress: Progress) -> Header:
    """Write everything into a new file, also while the control plane runs; what was written.

    Raises FileExistsError, OSError, SchemaTooNew, Unavailable, StateConflict (migrations are pending).
    """
    _refuse_pending(url)
    with archive.writing(path) as writer, in_domain_words(), _snapshot(store_url(url)) as connection:
        header = _header(connection, now)
        writer.header(header)
        done = 0
        for table in metadata.sorted_tables:
            for part in connection.execute(select(table)).partitions(AT_ONCE):
                for row in part:
                    writer.row(table, row)
                done += len(part)
                progress(done, header.total)
        return header


def restore(url: str, path: Path, *, epoch: str, replace: bool, progress: Progress) -> Header:
    """Put a backup into an empty database (`replace`: into any, whose contents are lost), in a new epoch.

    Raises BadBackup before anything is touched; StateConflict when the database is not empty or is being used;
    StoreInUse (SQLite), SchemaTooNew, Unavailable.
    """
    header = archive.verify(path)
    if header.schema != revisions()[-1]:
        raise BadBackup(_other_schema(path, header))
    target = store_url(url)
    with _alone(target), in_domain_words(), _changing(target) as connection:
        _empty(connection, replace=replace)
        _load(connection, path, header, progress)
        epochs.begin(connection, epoch)
        _check_references(connection)
    return header


def new_epoch(url: str, *, epoch: str) -> None:
    """For a database that was recovered by its own means to an earlier point in time. Raises like `restore`."""
    _refuse_pending(url)
    target = store_url(url)
    with _alone(target), in_domain_words(), _changing(target) as connection:
        epochs.begin(connection, epoch)


def _header(connection: Connection, now: datetime) -> Header:
    tables = metadata.sorted_tables
    return Header(
        format=archive.FORMAT,
        schema=revisions()[-1],
        epoch=connection.execute(select(store_state.c.epoch)).scalar_one(),
        made_at=now.isoformat(),
        columns={table.name: [column.name for column in table.columns] for table in tables},
        rows={table.name: _count(connection, table) for table in tables},
    )


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _refuse_pending(url: str) -> None:
    if pending(url):
        raise StateConflict(
            "the database lacks migrations of this release: run `agentrouter admin migrate-database` first",
            subject="database",
            reason="MIGRATIONS_PENDING",
        )


def _other_schema(path: Path, header: Header) -> str:
    if header.schema in revisions():
        return (
            f"{path} is of an older release (schema {header.schema}): restore it with that release, then migrate "
            "the database with this one"
        )
    return f"{path} is of a newer release (schema {header.schema}): restore it with that release"


@contextlib.contextmanager
def _snapshot(target: URL) -> Iterator[Connection]:
    """Reads only, all of one moment."""
    with blocking_engine(target, "BEGIN") as engine, engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True, yield_per=AT_ONCE
            )
        yield connection


@contextlib.contextmanager
def _alone(target: URL) -> Iterator[None]:
    """Nobody else has the SQLite file, and both databases have every table."""
    if target.get_backend_name() == "sqlite":
        with only_process(sqlite_path(target)):
            migrate_locked(target)
            yield
        return
    migrate_database(target.render_as_string(hide_password=False))
    yield


@contextlib.contextmanager
def _changing(target: URL) -> Iterator[Connection]:
    with blocking_engine(target, "BEGIN IMMEDIATE") as engine, engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            if others := connection.execute(OTHERS).scalar_one():
                raise StateConflict(
                    f"control planes have {others} connection(s) to this database; stop every replica first",
                    subject="database",
                    reason="STORE_IN_USE",
                )
        yield connection


def _empty(connection: Connection, *, replace: bool) -> None:
    tables = [table for table in reversed(metadata.sorted_tables) if table is not store_state]
    if replace:
        for table in tables:
            connection.execute(delete(table))
    elif filled := [table.name for table in tables if connection.execute(select(table).limit(1)).first()]:
        raise StateConflict(
            f"the database is not empty (it has rows in {', '.join(sorted(filled)[:3])}, …); "
            "name an empty one, or add --replace to lose what is there",
            subject="database",
            reason="STORE_NOT_EMPTY",
        )


def _load(connection: Connection, path: Path, header: Header, progress: Progress) -> None:
    """In the file's order, which is that of the references between tables."""
    tables = {table.name: table for table in metadata.sorted_tables}
    waiting: list[dict[str, Any]] = []
    current: Table | None = None
    done = 0
    for table, row in archive.rows(path, tables):
        if table is not current or len(waiting) == AT_ONCE:
            done += _insert(connection, current, waiting)
            progress(done, header.total)
            current, waiting = table, []
        waiting.append(row)
    progress(done + _insert(connection, current, waiting), header.total)


def _insert(connection: Connection, table: Table | None, found: list[dict[str, Any]]) -> int:
    if table is store_state:
        connection.execute(update(store_state).values(latest_time=found[0]["latest_time"]))
    elif table is not None and found:
        connection.execute(table.insert(), found)
    return len(found)


def _check_references(connection: Connection) -> None:
    """SQLite's are not checked while its rows are loaded."""
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise BadBackup("the backup holds rows whose owner is missing; it is damaged, and nothing was restored")
