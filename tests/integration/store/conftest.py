"""Databases with a tenant and a workspace in them, on either kind, and nobody connected."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlplane.store import migrate
from tests.contract.store.nouns import TENANT, WORKSPACE
from tests.fakes.stores import KINDS, opened, sqlite_url


async def furnish(url: str) -> None:
    """Migrate, and put the tenant and the workspace in."""
    migrate(url)
    async with opened(url) as store, store.unit_of_work() as work:
        await work.workspaces.add_tenant(TENANT)
        await work.workspaces.add(WORKSPACE)


@pytest.fixture(params=KINDS)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, on each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "store.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def either_url(bare_url: str) -> str:
    """A furnished database, on each kind."""
    await furnish(bare_url)
    return bare_url


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    """Where a furnished SQLite file is."""
    return tmp_path / "furnished.db"


@pytest.fixture
async def file_url(sqlite_file: Path) -> str:
    """The address of a furnished SQLite file."""
    await furnish(sqlite_url(sqlite_file))
    return sqlite_url(sqlite_file)


@pytest.fixture
async def server_url(postgres_url: str) -> str:
    """The address of a furnished PostgreSQL database."""
    await furnish(postgres_url)
    return postgres_url
