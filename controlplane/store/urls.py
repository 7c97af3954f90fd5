"""Addresses of databases as people write them, made into the ones that our drivers take."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

POSTGRES_NAMES = ("postgresql", "postgres", "postgresql+psycopg")
SQLITE_NAMES = ("sqlite", "sqlite+aiosqlite")
FORMS = "write sqlite:///path/to/file.db or postgresql://user@host/database"


class BadStoreUrl(ValueError):
    """The database's address cannot be used; the message never repeats it, since it may hold a password."""


def store_url(text: str) -> URL:
    """`sqlite:///<path>` or `postgresql://…`, with our async driver. Raises BadStoreUrl."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise BadStoreUrl(f"the database's address is no URL; {FORMS}") from None
    if url.drivername in POSTGRES_NAMES:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in SQLITE_NAMES:
        raise BadStoreUrl(f"{url.drivername} is no database that we can use; {FORMS}")
    if not url.database or ":memory:" in url.database or url.host or url.query:
        raise BadStoreUrl(f"the address must name a file and nothing else; {FORMS}")
    return url.set(drivername="sqlite+aiosqlite")


def sqlite_path(url: URL) -> Path:
    """The database file, absolute, so that a later change of the working folder does not matter."""
    return Path(url.database or "").absolute()
