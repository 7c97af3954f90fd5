"""What databases and drivers raise, in domain words; no SQL and no parameter gets past this module."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import sys
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Index, UniqueConstraint, exc

from controlplane.domain.errors import AlreadyExists, DomainError, InvalidInput, NotFound, Overloaded, Unavailable
from controlplane.store.tables import metadata

log = logging.getLogger(__name__)

AT_ONCE = timedelta(milliseconds=100)
SOON = timedelta(seconds=1)
LATER = timedelta(seconds=30)

# What a broken promise of uniqueness means to people, by the constraint's name.
TAKEN = {
    "tenants_name_taken": "a tenant of this name exists already; choose another name",
    "workspaces_name_taken": "the tenant has a workspace of this name already; choose another name",
    "configurations_revision_taken": "the workspace's revision was taken by another change",
    "configurations_one_newest": "another change stored a newest version of this configuration first",
    "join_tokens_hash_taken": "this join token exists already",
    "management_keys_hash_taken": "this management key exists already",
    "events_one_pending": "the slot of this data plane has a live event already",
    "events_one_acknowledged": "the slot of this data plane has a live event already",
}
TAKEN_OTHERWISE = "an object of this id exists already"

AWAY = ("the database cannot be reached", SOON)
LACKS_TABLES = "the database lacks tables of this release: run `agentrouter admin migrate-database`"

SQLITE_OUTAGES = {
    sqlite3.SQLITE_BUSY: ("the database file is locked by another program", SOON),
    sqlite3.SQLITE_LOCKED: ("the database file is locked by another program", SOON),
    sqlite3.SQLITE_READONLY: ("the database file is read-only; make it and its folder writable", LATER),
    sqlite3.SQLITE_FULL: ("the disk of the database file is full; free some space", LATER),
    sqlite3.SQLITE_IOERR: ("the disk of the database file fails to read or write", SOON),
    sqlite3.SQLITE_CANTOPEN: ("the database file cannot be opened; check its folder and its rights", LATER),
    sqlite3.SQLITE_PERM: ("the database file may not be used; check its rights", LATER),
    sqlite3.SQLITE_NOMEM: ("the database is out of memory", SOON),
    sqlite3.SQLITE_INTERRUPT: ("the database was interrupted", AT_ONCE),
    sqlite3.SQLITE_CORRUPT: ("the database file is damaged; restore it from a backup", LATER),
    sqlite3.SQLITE_NOTADB: ("the file is not a database of ours; name another one", LATER),
    sqlite3.SQLITE_MISUSE: ("the connection to the database was closed", SOON),
}
SQLITE_UNIQUE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}


@contextlib.contextmanager
def while_opening() -> Iterator[None]:
    """The same while a connection is being had: no statement of ours is under way, so nothing can be wrong with one."""
    try:
        with in_domain_words():
            yield
    except Unavailable:
        raise
    except DomainError as error:
        raise Unavailable(f"no usable connection could be had: {error.message}", retry_after=AT_ONCE) from None


@contextlib.contextmanager
def while_committing() -> Iterator[None]:
    """The same while a transaction is committed: whatever fails now, the request repeated finds out what was done."""
    try:
        with in_domain_words():
            yield
    except Unavailable:
        raise
    except Exception as error:
        log.exception("a commit ended in nobody knows what")
        said = error.message if isinstance(error, DomainError) else type(error).__name__
        raise Unavailable(f"whether the change was stored is not known: {said}", retry_after=AT_ONCE) from None


@contextlib.contextmanager
def in_domain_words() -> Iterator[None]:
    """Let nothing but domain errors (and bugs of ours) out of the block."""
    try:
        yield
    except Exception as error:
        raise to_domain(error) from None


def to_domain(error: Exception) -> Exception:
    """The domain error for what a database raised; anything else is itself."""
    if isinstance(error, exc.DBAPIError | exc.StatementError) and isinstance(error.orig, Exception):
        return to_domain(error.orig)
    if "psycopg" in sys.modules and (found := _of_driver(error)) is not None:
        return found
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, exc.TimeoutError):
        return Overloaded("every connection to the database is busy", retry_after=SOON)
    if isinstance(error, OverflowError):
        return InvalidInput("a number does not fit into 64 bits")
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput("a text holds half of a surrogate pair, which is no character")
    if isinstance(error, TimeoutError):
        return Unavailable("the database did not answer within its bounded wait", retry_after=SOON)
    if isinstance(error, OSError):
        return Unavailable(AWAY[0], retry_after=AWAY[1])
    return error


def _of_driver(error: Exception) -> DomainError | None:
    """PostgreSQL's driver is there where it is used: on SQLite nobody waits for it to be loaded."""
    import psycopg

    from controlplane.store import postgres_faults

    return postgres_faults.to_domain(error) if isinstance(error, psycopg.Error) else None


def _of_sqlite(error: sqlite3.Error) -> DomainError:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code in SQLITE_UNIQUE:
        return AlreadyExists(_taken_columns(str(error)))
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return NotFound("what this object belongs to does not exist")
    if code is None or code & 0xFF == sqlite3.SQLITE_ERROR:
        return _of_sqlite_text(str(error))
    if (outage := SQLITE_OUTAGES.get(code & 0xFF)) is not None:
        return Unavailable(outage[0], retry_after=outage[1])
    return DomainError(f"the database refused the statement ({getattr(error, 'sqlite_errorname', '?')})")


def _of_sqlite_text(message: str) -> DomainError:
    if "no such table" in message or "no such column" in message:
        return Unavailable(LACKS_TABLES, retry_after=LATER)
    if "closed" in message or "no active connection" in message:
        return Unavailable("the connection to the database was closed", retry_after=SOON)
    return DomainError("the database refused the statement")


def _taken_columns(message: str) -> str:
    """SQLite names the columns (`UNIQUE constraint failed: tenants.name`), not the constraint."""
    columns = set(message.rpartition(": ")[2].split(", "))
    for table in metadata.tables.values():
        rules: list[UniqueConstraint | Index] = [
            each for each in table.constraints if isinstance(each, UniqueConstraint)
        ]
        for rule in [*rules, *(index for index in table.indexes if index.unique)]:
            if rule.name in TAKEN and {f"{table.name}.{name}" for name in rule.columns.keys()} == columns:  # noqa: SIM118
                return TAKEN[str(rule.name)]
    return TAKEN_OTHERWISE
