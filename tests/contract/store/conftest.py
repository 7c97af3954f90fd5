"""The store under test, once on each database, with a tenant and a workspace in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from controlplane.store import SqlStore, engine, postgres_connecting, sqlite
from tests.contract.store.nouns import TENANT, WORKSPACE, dataplane
from tests.fakes.postgres import PostgresServer
from tests.fakes.stores import KINDS, HandClock, copy_of_migrated_file, empty_tables, migrated_database, opened


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the migrated file to be copied is (made by who needs it first)."""
    return tmp_path_factory.mktemp("store") / "template.db"


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """The address of the migrated database that the tests use one after the other."""
    return postgres_server.url(migrated_database(postgres_server))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database."""
    return str(request.param)


@pytest.fixture
def store_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, empty database that only this test uses."""
    if kind == "sqlite":
        yield copy_of_migrated_file(request.getfixturevalue("sqlite_template"), tmp_path / "store.db")
        return
    url: str = request.getfixturevalue("migrated_postgres")
    yield url
    empty_tables(url)


@pytest.fixture
def clock() -> HandClock:
    """The host's clock, turned by hand."""
    return HandClock()


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come at once, and however slow the machine is, none is sent away for having waited too long."""
    for module in (engine, sqlite):
        monkeypatch.setattr(module, "BEGIN_WAIT", timedelta(minutes=1))
    for limit in ("lock_timeout", "statement_timeout"):
        monkeypatch.setitem(postgres_connecting.SESSION, limit, 60_000)


@pytest.fixture
async def empty_store(store_url: str, clock: HandClock, unhurried: None) -> AsyncIterator[SqlStore]:
    """The opened store, nothing in it."""
    async with opened(store_url, clock) as store:
        yield store


@pytest.fixture
async def store(empty_store: SqlStore) -> SqlStore:
    """The opened store with a tenant, a workspace and two data planes in it."""
    async with empty_store.unit_of_work() as work:
        await work.workspaces.add_tenant(TENANT)
        await work.workspaces.add(WORKSPACE)
        for dataplane_id in ("dp_1", "dp_2"):
            await work.dataplanes.add(dataplane(dataplane_id))
    return empty_store
