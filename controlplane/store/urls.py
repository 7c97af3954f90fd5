"""Addresses of databases as people write them, made into the ones that our drivers take."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

# scheme://user:password@one:5432,other:5432/database?query, as PostgreSQL's own tools take it.
SEVERAL_HOSTS = re.compile(r"(\w[\w+]*://(?:[^:/@]*(?::[^@]*)?@)?)([^/?#@]*,[^/?#@]*)(/[^?#]*)?(?:\?(.*))?", re.DOTALL)
HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(\d*))?")
POSTGRES_NAMES = ("postgresql", "postgres", "postgresql+psycopg")
SQLITE_NAMES = ("sqlite", "sqlite+aiosqlite")
FORMS = "write sqlite:///path/to/file.db or postgresql://user@host/database"


class BadStoreUrl(ValueError):
    """The database's address cannot be used; the message never repeats it, since it may hold a password."""


def store_url(text: str) -> URL:
    """`sqlite:///<path>` or `postgresql://…`, with our async driver. Raises BadStoreUrl."""
    try:
        url = make_url(_hosts_as_query(text))
    except (ArgumentError, ValueError):
        raise BadStoreUrl(f"the database's address is no URL; {FORMS}") from None
    if url.drivername in POSTGRES_NAMES:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in SQLITE_NAMES:
        raise BadStoreUrl(f"{url.drivername} is no database that we can use; {FORMS}")
    if not url.database or ":memory:" in url.database or url.host or url.query:
        raise BadStoreUrl(f"the address must name a file and nothing else; {FORMS}")
    return url.set(drivername="sqlite+aiosqlite")


def _hosts_as_query(text: str) -> str:
    """Several hosts where a URL has one, moved to where the driver's addresses have them. Raises ValueError."""
    if (found := SEVERAL_HOSTS.fullmatch(text)) is None:
        return text
    start, listed, database, query = found.groups()
    places = [HOST_AND_PORT.fullmatch(each) for each in listed.split(",")]
    if any(place is None for place in places):
        raise ValueError("a host or port")
    hosts = ",".join(place[1].strip("[]") for place in places if place)
    ports = ",".join(place[2] or "" for place in places if place)
    moved = f"host={hosts}" + (f"&port={ports}" if ports.strip(",") else "")
    return f"{start}{database or ''}?{moved}" + (f"&{query}" if query else "")


def sqlite_path(url: URL) -> Path:
    """The database file, absolute, so that a later change of the working folder does not matter."""
    return Path(url.database or "").absolute()
