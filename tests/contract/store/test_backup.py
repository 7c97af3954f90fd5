"""A backup holds everything, tells of damage, and comes back into either database in an epoch of its own."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, select

from controlplane.domain.counting import RAISED_BY
from controlplane.domain.errors import StateConflict
from controlplane.store import BadBackup, SqlStore, StoreInUse, back_up, new_epoch, restore
from controlplane.store.tables import configurations, dataplanes, events, metadata, slot_values, store_state, workspaces
from tests.contract.store import nouns
from tests.fakes.postgres import PostgresServer
from tests.fakes.stores import KINDS, opened, sqlite_url

MADE_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EPOCH = "e" * 32


def quiet(_done: int, _total: int) -> None:
    """No progress bar."""


def saved(url: str, path: Path) -> Path:
    """A backup of that database."""
    back_up(url, path, now=MADE_AT, progress=quiet)
    return path


def contents(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    engine = create_engine(url.replace("+aiosqlite", ""), poolclass=NullPool)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(tuple, connection.execute(select(table)).all()), key=repr)
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return found


async def fill(store: SqlStore) -> None:
    """Something of most nouns beside what the fixture made."""
    async with store.unit_of_work() as work:
        for version in (1, 2):
            revision = await work.workspaces.take_revision("ws_1")
            await work.configurations.add(nouns.configuration(version, revision))
        await work.values.put(nouns.slot_value("proxy_url", 1, await work.workspaces.take_revision("ws_1")))
        await work.secrets.add(nouns.secret("openai", 3))
        await work.events.add([nouns.event(1, fencing_token=4, payload=b'{"full": true, "revision": 2}')])
        await work.dataplanes.raise_applied_revision("dp_1", 2)


@pytest.fixture(params=KINDS)
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that nothing is in yet, of either kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "other.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.url(server.create_database())


async def test_what_was_saved_beside_a_working_store_comes_back_in_either_database(
    store: SqlStore, store_url: str, other_url: str, tmp_path: Path
) -> None:
    await fill(store)
    before = contents(store_url)

    header = restore(other_url, saved(store_url, tmp_path / "b"), epoch=EPOCH, replace=False, progress=quiet)

    after = contents(other_url)
    assert header.rows == {name: len(rows) for name, rows in before.items()}
    raised = {table.name for table in (configurations, dataplanes, events, slot_values, workspaces, store_state)}
    assert {name for name in before if before[name] != after[name]} == raised
    assert after["secrets"] == before["secrets"]


async def test_a_restored_store_is_of_another_epoch_and_counts_on_far_above(
    store: SqlStore, store_url: str, tmp_path: Path
) -> None:
    await fill(store)
    target = sqlite_url(tmp_path / "restored.db")

    restore(target, saved(store_url, tmp_path / "b"), epoch=EPOCH, replace=False, progress=quiet)

    async with opened(target) as restored:
        assert (await restored.epoch(), await store.epoch() != EPOCH) == (EPOCH, True)
        async with restored.unit_of_work() as work:
            newest = await work.configurations.newest("ws_1", "")
            event, plane = await work.events.get("ev_0001"), await work.dataplanes.get("dp_1")
            assert newest is not None
            assert event is not None
            assert plane is not None
            assert (newest.version, newest.revision) == (RAISED_BY + 2, RAISED_BY + 2)
            assert (event.fencing_token, plane.applied_revision) == (RAISED_BY + 4, RAISED_BY + 2)
            assert json.loads(event.payload) == {"full": True, "revision": RAISED_BY + 2}
            assert await work.workspaces.take_revision("ws_1") == RAISED_BY + 4


async def test_a_store_that_holds_something_is_only_replaced_when_told_so(
    store: SqlStore, store_url: str, tmp_path: Path
) -> None:
    await fill(store)
    path, target = saved(store_url, tmp_path / "b"), sqlite_url(tmp_path / "restored.db")
    restore(target, path, epoch=EPOCH, replace=False, progress=quiet)

    with pytest.raises(StateConflict, match=r"not empty.*--replace"):
        restore(target, path, epoch="f" * 32, replace=False, progress=quiet)
    restore(target, path, epoch="f" * 32, replace=True, progress=quiet)

    assert contents(target)["store_state"][0][1] == "f" * 32


def damaged(data: bytes) -> dict[str, bytes]:
    """Every way a file may be spoilt, by what is said of it."""
    lines = gzip.decompress(data).splitlines(keepends=True)
    header = json.loads(lines[0])
    older, newer = header | {"schema": "20200101_unknown"}, header | {"format": "agentrouter-backup/2"}

    def packed(*changed: bytes) -> bytes:
        return gzip.compress(b"".join(changed))

    return {
        "no backup": b"not even gzip",
        "no backup of AgentRouter": packed(b'{"some": "json"}\n'),
        "damaged": data[: len(data) // 2],
        "ends too early": packed(*lines[:-1]),
        "checksum": packed(*(line.replace(b"acme", b"evil") for line in lines)),
        "newer release": packed(json.dumps(newer).encode() + b"\n", *lines[1:]),
        "newer release ": sealed(json.dumps(older).encode() + b"\n", *lines[1:-1]),
    }


def sealed(*lines: bytes) -> bytes:
    """Lines with a checksum that fits."""
    footer = json.dumps({"sha256": hashlib.sha256(b"".join(lines)).hexdigest()}).encode() + b"\n"
    return gzip.compress(b"".join([*lines, footer]))


async def test_a_foreign_damaged_or_newer_file_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    source, target = sqlite_url(tmp_path / "source.db"), sqlite_url(tmp_path / "target.db")
    async with opened(source) as store, store.unit_of_work() as work:
        await work.workspaces.add_tenant(nouns.TENANT)
    good = saved(source, tmp_path / "good").read_bytes()

    for said, data in damaged(good).items():
        (tmp_path / "bad").write_bytes(data)
        with pytest.raises(BadBackup, match=said.strip()):
            restore(target, tmp_path / "bad", epoch=EPOCH, replace=True, progress=quiet)

    assert not (tmp_path / "target.db").exists()


async def test_a_backup_is_its_owners_alone_and_never_overwrites_a_file(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "source.db")
    async with opened(url):
        path = saved(url, tmp_path / "b")

        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(FileExistsError, match="exists already"):
            saved(url, path)


async def test_nothing_is_restored_under_a_working_control_plane(
    store: SqlStore, store_url: str, kind: str, tmp_path: Path
) -> None:
    await store.ping()
    path = saved(store_url, tmp_path / "b")

    with pytest.raises(StoreInUse if kind == "sqlite" else StateConflict, match=r"in use|stop every replica"):
        restore(store_url, path, epoch=EPOCH, replace=True, progress=quiet)
    with pytest.raises(StoreInUse if kind == "sqlite" else StateConflict, match=r"in use|stop every replica"):
        new_epoch(store_url, epoch=EPOCH)


async def test_a_new_epoch_raises_counters_and_forgets_work_under_way(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "recovered.db")
    async with opened(url) as store, store.unit_of_work() as work:
        await work.workspaces.add_tenant(nouns.TENANT)
        await work.workspaces.add(nouns.WORKSPACE)

    new_epoch(url, epoch=EPOCH)
    new_epoch(url, epoch="f" * 32)

    async with opened(url) as store, store.unit_of_work() as work:
        assert await store.epoch() == "f" * 32
        assert await work.workspaces.take_revision("ws_1") == 2 * RAISED_BY + 1
        assert await work.workspaces.take_cursors("ws_1", 1) == 2 * RAISED_BY + 1
