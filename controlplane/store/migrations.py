"""The schema's migrations, run as a whole or not at all, once however many replicas start. Everything here blocks.

Theory of operation. All pending migrations run in one transaction, on SQLite too, where Python's driver would otherwise
end it before each CREATE: there a BEGIN IMMEDIATE of ours and the file lock keep others out, on PostgreSQL an advisory
lock of the transaction. Killed at any point, the database is as it was before, and the next start does it again.
"""

from __future__ import annotations

import contextlib
import importlib.resources
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import NullPool

from controlplane.domain.errors import Unavailable
from controlplane.store.faults import LATER, in_domain_words
from controlplane.store.file_lock import only_process
from controlplane.store.sqlite import create_file, set_pragmas
from controlplane.store.urls import BadStoreUrl, sqlite_path, store_url

ADVISORY_LOCK = 0x6167656E74726F75  # "agentrou"
POSTGRES_SESSION = {"timezone": "UTC", "lock_timeout": 60_000}


class SchemaTooNew(RuntimeError):
    """The database was migrated by a newer release than this one; run that one, or restore a backup."""


def migrate(url: str, scripts: Path | None = None) -> list[str]:
    """Run what is pending; the revisions that ran, oldest first, none when there was nothing to do.

    Raises StoreInUse (SQLite) when a process has the file, BadStoreUrl when it is another program's, Unavailable when
    the database does not answer.
    """
    target = store_url(url)
    if target.get_backend_name() != "sqlite":
        return _migrate(target, scripts)
    with only_process(sqlite_path(target)):
        return migrate_locked(target, scripts)


def pending(url: str, scripts: Path | None = None) -> list[str]:
    """Revisions of this release that the database lacks, oldest first. Changes nothing, makes no file.

    Raises Unavailable when the database does not answer, SchemaTooNew when a newer release migrated it.
    """
    target = store_url(url)
    if target.get_backend_name() == "sqlite" and not sqlite_path(target).exists():
        return list(revisions(scripts))
    with in_domain_words(), blocking_engine(target, "BEGIN") as engine, engine.connect() as connection:
        return _missing(connection, scripts)


def migrate_locked(target: URL, scripts: Path | None = None) -> list[str]:
    """Like migrate, for who holds the lock of the SQLite file; a file that lacks nothing is only read."""
    path = sqlite_path(target)
    if path.exists() and path.stat().st_size and not pending(target.render_as_string(hide_password=False), scripts):
        return []
    with in_domain_words():
        create_file(path)
    return _migrate(target, scripts)


@cache
def revisions(scripts: Path | None = None) -> tuple[str, ...]:
    """Every revision of this release, oldest first."""
    found = ScriptDirectory.from_config(_config(scripts)).walk_revisions()
    return tuple(reversed([script.revision for script in found]))


def _migrate(target: URL, scripts: Path | None) -> list[str]:
    with in_domain_words(), blocking_engine(target, "BEGIN IMMEDIATE") as engine, engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        missing = _missing(connection, scripts)
        if missing:
            _refuse_foreign(connection)
            config = _config(scripts)
            config.attributes.update(connection=connection, epoch=secrets.token_hex(16))
            command.upgrade(config, "head")
            _check_references(connection)
        return missing


def _missing(connection: Connection, scripts: Path | None) -> list[str]:
    ours = revisions(scripts)
    applied = MigrationContext.configure(connection).get_current_heads()
    if unknown := set(applied) - set(ours):
        raise SchemaTooNew(
            f"the database was migrated by a newer release (revision {', '.join(sorted(unknown))}); run that release"
        )
    done = ours.index(applied[0]) + 1 if applied else 0
    return list(ours[done:])


def _refuse_foreign(connection: Connection) -> None:
    """A file that another program fills stays as it is. On PostgreSQL others may have tables beside ours."""
    if connection.dialect.name == "sqlite" and not MigrationContext.configure(connection).get_current_heads():
        tables = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
        if tables:
            raise BadStoreUrl(f"the file holds tables of another program ({', '.join(tables[:3])}); name another one")


def _check_references(connection: Connection) -> None:
    """SQLite migrates with foreign keys off, so that tables can be rebuilt; nothing may be left dangling."""
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise Unavailable("a migration would leave rows whose owner is missing; nothing was changed", retry_after=LATER)


def _config(scripts: Path | None) -> Config:
    folder = scripts or Path(str(importlib.resources.files("migrations")))
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextlib.contextmanager
def blocking_engine(target: URL, begin: str) -> Iterator[Engine]:
    """Connections that belong to the block alone; `begin` is how SQLite's transactions begin."""
    if target.get_backend_name() == "sqlite":
        engine = _sqlite_engine(target, begin)
    else:
        from controlplane.store.postgres_connecting import connect_args

        arguments = connect_args(target, POSTGRES_SESSION)
        engine = create_engine(target, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    try:
        yield engine
    finally:
        engine.dispose()


def _sqlite_engine(target: URL, begin: str) -> Engine:
    engine = create_engine(
        target.set(drivername="sqlite"),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"isolation_level": None},  # the driver begins nothing, so that DDL stays in our transaction
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: DBAPIConnection, record: object) -> None:
        set_pragmas(connection, {"foreign_keys": "OFF"})

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
