"""Migrations run as a whole or not at all, once for any number of replicas, and travel in the wheel."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

import migrations
from controlplane.domain.errors import Unavailable
from controlplane.store import BadStoreUrl, SchemaTooNew, StoreInUse, migrate, open_store, pending
from controlplane.store.migrations import revisions
from controlplane.store.urls import store_url
from tests.contract.store.nouns import TENANT, WORKSPACE
from tests.fakes.stores import CountedRandom, HandClock, opened, sqlite_url
from tests.integration.store.processes import ROOT, child

OURS = list(revisions())
NEXT = "20991231_next"
NEXT_MIGRATION = f'''
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{OURS[-1]}"


def upgrade() -> None:
    op.add_column("tenants", sa.Column("shade", sa.Text()))
    op.execute("UPDATE tenants SET shade = 'green', name = 'renamed'")
    op.create_table("shades", sa.Column("middle", sa.Text()))
    op.create_table("more", sa.Column("name", sa.Text()))
    op.execute("INSERT INTO more VALUES ('done')")
'''  # noqa: S608 - a script, and nobody's input in it


@pytest.fixture
def two_releases(tmp_path: Path) -> Path:
    """Migrations of a release after this one: ours and one more, which changes tables and rows."""
    folder = tmp_path / "next release" / "migrations"
    shutil.copytree(Path(migrations.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "v20991231_next.py").write_text(NEXT_MIGRATION)
    return folder


def _engine(url: str) -> sa.Engine:
    target = store_url(url)
    plain = "sqlite" if target.get_backend_name() == "sqlite" else target.drivername
    return sa.create_engine(target.set(drivername=plain), poolclass=sa.NullPool)


def _tables(url: str) -> set[str]:
    return set(sa.inspect(_engine(url)).get_table_names())


def _answer(url: str, question: str) -> object:
    with _engine(url).connect() as connection:
        return connection.execute(sa.text(question)).scalar_one()


def test_what_is_pending_is_run_once(bare_url: str) -> None:
    assert pending(bare_url) == OURS
    assert migrate(bare_url) == OURS
    assert pending(bare_url) == []
    assert migrate(bare_url) == []


def test_asking_what_is_pending_makes_no_file(tmp_path: Path) -> None:
    assert pending(sqlite_url(tmp_path / "none.db")) == OURS
    assert list(tmp_path.iterdir()) == []


def test_every_new_store_has_an_epoch_of_its_own(bare_url: str, tmp_path: Path) -> None:
    other = sqlite_url(tmp_path / "other.db")
    for url in (bare_url, other):
        migrate(url)

    epochs = {_answer(url, "SELECT epoch FROM store_state") for url in (bare_url, other)}

    assert len(epochs) == 2


async def test_a_migration_killed_in_its_middle_is_resumed_and_old_data_are_intact(
    either_url: str, two_releases: Path
) -> None:
    before = _tables(either_url)
    with child("migrate_and_stall", either_url, str(two_releases)) as process:
        assert process.line() == "middle"
        process.kill()

    assert _tables(either_url) == before
    assert _answer(either_url, "SELECT name FROM tenants") == TENANT.name
    assert pending(either_url, two_releases) == [NEXT]
    async with opened(either_url) as store, store.reading() as work:  # the release before goes on with it
        assert await work.workspaces.get("ws_1") == WORKSPACE

    assert migrate(either_url, two_releases) == [NEXT]
    assert _tables(either_url) == before | {"shades", "more"}
    assert _answer(either_url, "SELECT name || ' ' || shade FROM tenants") == "renamed green"
    assert _answer(either_url, "SELECT count(*) FROM more") == 1


def test_a_first_migration_killed_in_its_middle_leaves_nothing(bare_url: str, two_releases: Path) -> None:
    with child("migrate_and_stall", bare_url, str(two_releases)) as process:
        assert process.line() == "middle"
        process.kill()

    assert _tables(bare_url) == set()
    assert migrate(bare_url, two_releases) == [*OURS, NEXT]


def test_replicas_that_start_at_once_migrate_once(postgres_url: str) -> None:
    with ThreadPoolExecutor(6) as replicas:
        ran = list(replicas.map(migrate, [postgres_url] * 6))

    assert sorted(ran) == [[], [], [], [], [], OURS]


async def test_a_file_in_use_is_not_migrated(file_url: str) -> None:
    async with opened(file_url):
        with pytest.raises(StoreInUse):
            migrate(file_url)


async def test_a_store_on_sqlite_migrates_itself(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "store.db")
    async with opened(url) as store:
        await store.ping()

    assert pending(url) == []


def test_a_file_that_another_program_fills_is_refused_and_gets_no_table_of_ours(tmp_path: Path) -> None:
    file = tmp_path / "crm.db"
    with contextlib.closing(sqlite3.connect(file)) as theirs:
        theirs.execute("CREATE TABLE customers (name TEXT)")

    with pytest.raises(BadStoreUrl, match="customers"):
        migrate(f"sqlite:///{file}")

    with contextlib.closing(sqlite3.connect(file)) as theirs:
        assert theirs.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]


async def test_an_older_release_refuses_what_a_newer_one_migrated(either_url: str, two_releases: Path) -> None:
    migrate(either_url, two_releases)

    for refused in (pending, migrate):
        with pytest.raises(SchemaTooNew, match=NEXT):
            refused(either_url)


async def test_a_running_older_replica_goes_on_when_a_newer_one_migrates(server_url: str, two_releases: Path) -> None:
    async with open_store(server_url, clock=HandClock(), random=CountedRandom()) as store:
        migrate(server_url, two_releases)
        await store.ping()


def test_a_database_that_is_away_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        pending("postgresql://somebody:pass-word@/nothing?host=/nonexistent")


def test_the_wheel_brings_the_migrations(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)

    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()

    assert {
        "migrations/__init__.py",
        "migrations/env.py",
        *(f"migrations/versions/v{revision}.py" for revision in OURS),
    } <= set(names)
