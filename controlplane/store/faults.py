"""What databases and drivers raise, in domain words; no SQL and no parameter gets past this module."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import traceback
from collections.abc import Iterator
from datetime import timedelta

import psycopg
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

# PostgreSQL's states by their first characters, the longest that fits counts: the text, and when to come again.
POSTGRES_OUTAGES = {
    "08": ("the connection to the database was lost", SOON),
    "25006": ("the database is read-only, as a standby is; it may be failing over", SOON),
    "25P03": ("the database ended a transaction that stood still for too long", AT_ONCE),
    "28": ("the database refuses our login; check the user and password of the database's address", LATER),
    "3D": ("the database named in the address does not exist", LATER),
    "40": ("another change was in the way", AT_ONCE),
    "42P01": ("the database lacks tables of this release: pending migrations must be run", LATER),
    "42703": ("the database lacks columns of this release: pending migrations must be run", LATER),
    "42501": ("the database's user may not use its tables; grant it", LATER),
    "53100": ("the database's disk is full", LATER),
    "53": ("the database is out of resources", SOON),
    "55P03": ("another change holds the row for longer than the bounded wait", AT_ONCE),
    "57014": ("the database did not answer within its time limit", SOON),
    "57": ("the database is shutting down or starting up", SOON),
    "58": ("the database's machine failed to read or write", SOON),
    "XX": ("the database failed", LATER),
}
POSTGRES_AWAY = ("the database cannot be reached", SOON)

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
    if isinstance(error, psycopg.Error):
        return _of_postgres(error)
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
        return Unavailable(POSTGRES_AWAY[0], retry_after=SOON)
    return error


def _of_postgres(error: psycopg.Error) -> DomainError:
    state = error.sqlstate or ""
    if state == "23505":
        return AlreadyExists(TAKEN.get(error.diag.constraint_name or "", TAKEN_OTHERWISE))
    if state == "23503":
        return NotFound("what this object belongs to does not exist")
    if state.startswith("22") or isinstance(error, psycopg.DataError):
        return InvalidInput("a text or number cannot be stored")
    outage = next((POSTGRES_OUTAGES[state[:size]] for size in (5, 2) if state[:size] in POSTGRES_OUTAGES), None)
    if outage is None and not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        outage = POSTGRES_AWAY
    if outage is None:
        _log_unknown(error)
        return DomainError(f"the database refused the statement ({type(error).__name__} {state})")
    return Unavailable(outage[0], retry_after=outage[1])


def _log_unknown(error: psycopg.Error) -> None:
    """Where it came from and the first line of what was said, which names no values; details may."""
    said = error.diag.message_primary or str(error).partition("\n")[0]
    frames = "".join(traceback.format_tb(error.__traceback__)[-5:])
    log.error("the database refused a statement: %s %s: %s\n%s", type(error).__name__, error.sqlstate, said, frames)


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
        return Unavailable(POSTGRES_OUTAGES["42P01"][0], retry_after=LATER)
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
