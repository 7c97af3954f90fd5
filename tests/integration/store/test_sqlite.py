"""SQLite: one process a file, time that never goes back, and clear refusals when file or disk fail."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controlplane.domain.errors import Overloaded, Unavailable
from controlplane.store import BadStoreUrl, SqlStore, StoreInUse, sqlite
from tests.contract.store.nouns import WORKSPACE, document
from tests.fakes.stores import HandClock, eventually_answers, opened, sqlite_url
from tests.integration.store.conftest import furnish
from tests.integration.store.processes import child

HOUR = timedelta(hours=1)


async def _now(store: SqlStore, *, write: bool = False) -> datetime:
    async with store.unit_of_work() as work:
        if write:
            await work.workspaces.take_revision("ws_1")
        return await work.now()


async def test_a_second_process_is_refused_and_told_who_has_the_file(file_url: str, sqlite_file: Path) -> None:
    async with opened(file_url):
        with child("open_once", file_url) as process:
            said = process.line()

    assert str(sqlite_file) in said
    assert f"in use by process {os.getpid()}" in said


async def test_a_second_store_of_the_same_process_is_refused(file_url: str) -> None:
    async with opened(file_url):
        with pytest.raises(StoreInUse):
            async with opened(file_url):
                pass


async def test_a_file_is_free_again_when_its_process_was_killed(file_url: str) -> None:
    with child("stall_inside", file_url) as process:
        assert process.line() == "inside"
        with pytest.raises(StoreInUse, match=str(process.pid)):
            async with opened(file_url):
                pass
        process.kill()

    async with opened(file_url) as store:
        await store.ping()


async def test_a_new_file_is_made_with_its_tables_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "store.db"

    async with opened(sqlite_url(path)) as store:
        await store.ping()
        rights = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}

    assert set(rights) == {"store.db", "store.db-wal", "store.db-shm", "store.db.lock"}
    assert set(rights.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "mysql://u:pass-word@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
        "sqlite://h/x",
    ],
)
async def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(BadStoreUrl, match=r"sqlite:///path/to/file\.db") as caught:
        async with opened(address):
            pass

    assert "pass-word" not in str(caught.value)


async def test_time_goes_on_while_the_hosts_clock_goes_back(file_url: str) -> None:
    clock = HandClock()
    async with opened(file_url, clock) as store:
        before = await _now(store)
        clock.time -= 24 * HOUR
        clock.monotonic += 1_500  # 1.5 microseconds
        after = await _now(store)
        clock.monotonic += 1_500
        later = await _now(store)

    assert after - before == timedelta(microseconds=1)
    assert later - before == timedelta(microseconds=3)


async def test_time_is_the_hosts_when_that_is_later(file_url: str) -> None:
    clock = HandClock()
    async with opened(file_url, clock) as store:
        await _now(store)
        clock.time += HOUR

        assert await _now(store) == clock.time


async def test_time_that_was_written_with_is_not_undercut_after_a_restart(file_url: str) -> None:
    clock = HandClock()
    async with opened(file_url, clock) as store:
        clock.advance(HOUR)
        before = await _now(store, write=True)

    clock.time -= 24 * HOUR
    async with opened(file_url, clock) as store:
        assert await _now(store) == before
        clock.advance(timedelta(seconds=2))
        assert await _now(store) == before + timedelta(seconds=2)


async def test_writers_take_their_turns_in_the_order_they_came(file_url: str) -> None:
    order: list[int] = []

    async def write(number: int) -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.take_revision("ws_1")
            order.append(number)

    async with opened(file_url) as store:
        await asyncio.gather(*(write(number) for number in range(30)))

    assert order == list(range(30))


async def test_a_writer_waits_for_its_turn_only_so_long(file_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(file_url) as store:
        async with store.unit_of_work():
            with monkeypatch.context() as hasty:
                hasty.setattr(sqlite, "BEGIN_WAIT", timedelta(milliseconds=50))
                with pytest.raises(Overloaded, match="bounded wait"):
                    await _now(store)

        await _now(store)


async def test_another_program_that_locks_the_file_holds_up_writers_but_no_reader(
    file_url: str, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite.PRAGMAS, "busy_timeout", 20)
    async with opened(file_url) as store:
        with contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="locked by another program"):
                await _now(store, write=True)
            async with store.reading() as work:
                assert await work.workspaces.get("ws_1") == WORKSPACE
            other.execute("ROLLBACK")

        await _now(store, write=True)


@pytest.fixture
def read_only_url(file_url: str, sqlite_file: Path) -> str:
    """The address of a furnished file that may only be read."""
    sqlite_file.chmod(0o400)
    return file_url


def test_a_read_only_file_refuses_writes_and_is_read_on(read_only_url: str) -> None:
    # Root may write everywhere, unless it gives that up.
    wrapper = ("setpriv", "--bounding-set=-dac_override", "--") if os.geteuid() == 0 else ()
    if wrapper and not shutil.which("setpriv"):
        pytest.skip("as root this needs setpriv (util-linux)")

    with child("write_and_read", read_only_url, wrapper=wrapper) as process:
        refused, read = process.line(), process.line()

    assert "read-only" in refused
    assert read == "read"


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as growing, contextlib.suppress(OSError):
        while True:
            growing.write(b"x" * 4096)


@contextlib.contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("a small disk takes the right to mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_disk_refuses_writes_is_read_on_and_recovers(tmp_path: Path) -> None:
    with _small_disk(tmp_path / "disk", 2) as disk:
        url = sqlite_url(disk / "store.db")
        await furnish(url)
        async with opened(url) as store:
            _fill(disk / "ballast")

            with pytest.raises(Unavailable, match=r"full|fails to read or write"):
                await _put_large_document(store)
            async with store.reading() as work:
                assert await work.workspaces.get("ws_1") == WORKSPACE
                assert await work.documents.get("ws_1", "large") is None

            (disk / "ballast").unlink()
            await _put_large_document(store)
            await eventually_answers(store, within=timedelta(seconds=60))

        connection = sqlite3.connect(disk / "store.db")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


async def _put_large_document(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        large = document("large", 1)
        await work.documents.put(type(large)("ws_1", "large", b"x" * 300_000, "etag", 1, large.updated_at))


def test_a_disk_that_fails_refuses_writes_is_read_on_and_recovers(file_url: str, sqlite_file: Path) -> None:
    with child("write_beyond_a_limit", file_url) as process:
        refused, read, written = process.line(), process.line(), process.line()

    assert "fails to read or write" in refused
    assert read == "read"
    assert written == "1"
    with contextlib.closing(sqlite3.connect(sqlite_file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_what_would_go_into_a_file_that_is_gone_is_refused_until_it_is_back(
    file_url: str, sqlite_file: Path, tmp_path: Path
) -> None:
    async with opened(file_url) as store:
        await _now(store, write=True)
        shutil.move(sqlite_file, tmp_path / "elsewhere")
        with pytest.raises(Unavailable, match="removed"):
            await _now(store, write=True)
        shutil.copyfile(tmp_path / "elsewhere", sqlite_file)
        with pytest.raises(Unavailable, match="replaced"):
            await _now(store, write=True)
        async with store.reading() as work:
            assert await work.workspaces.get("ws_1") is not None

        shutil.move(tmp_path / "elsewhere", sqlite_file)
        await _now(store, write=True)

    async with opened(file_url) as store, store.reading() as work:
        workspace = await work.workspaces.get("ws_1")
    assert workspace is not None
    assert workspace.revision == 2


async def test_a_damaged_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"this is no database, but it is long enough to be looked at" * 100)

    with pytest.raises(Unavailable, match="not a database of ours"):
        async with opened(sqlite_url(path)):
            pass
