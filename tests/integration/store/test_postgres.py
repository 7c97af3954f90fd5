"""PostgreSQL: whatever ends a connection, the store comes back by itself, and nobody waits without bound."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import psycopg
import pytest

from controlplane.domain.errors import Unavailable
from controlplane.services.ports import Notice
from controlplane.store import SqlStore, engine, migrate, postgres_connecting
from controlplane.store.notices import READ_EVERYTHING
from tests.contract.store.nouns import WORKSPACE
from tests.fakes.postgres import PostgresServer, running_postgres
from tests.fakes.stores import eventually_answers, opened
from tests.fakes.tcp import serving_tcp
from tests.integration.store.conftest import furnish

RECOVERY = timedelta(seconds=60)
"""Bounds the wait; how long it takes on a machine with nothing else to do is for a benchmark to say."""


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that this test may stop."""
    with running_postgres() as server:
        yield server


def _as_operator(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def _terminate_everybody(url: str) -> int:
    with _as_operator(url) as operator:
        ended = operator.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert ended is not None
    return int(ended[0])


async def _take_revision(store: SqlStore) -> int:
    async with store.unit_of_work() as work:
        return await work.workspaces.take_revision("ws_1")


async def _announce(store: SqlStore, notice: Notice) -> None:
    async with store.unit_of_work() as work:
        work.announce(notice)


async def _until(notices: AsyncIterator[Notice], expected: Notice) -> None:
    async with asyncio.timeout(60):
        while await anext(notices) != expected:
            pass


async def test_idle_connections_that_were_terminated_are_replaced_before_anybody_notices(server_url: str) -> None:
    async with opened(server_url) as store:
        await _take_revision(store)
        await store.ping()

        assert _terminate_everybody(server_url) >= 2

        assert await _take_revision(store) == 2
        await store.ping()


async def test_a_unit_of_work_terminated_midway_is_unavailable_and_leaves_nothing(server_url: str) -> None:
    async def write(store: SqlStore) -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.take_revision("ws_1")
            _terminate_everybody(server_url)
            await work.workspaces.take_revision("ws_1")

    async with opened(server_url) as store:
        with pytest.raises(Unavailable) as caught:
            await write(store)
        assert caught.value.retry_after > timedelta(0)
        assert await _take_revision(store) == 1


async def test_a_unit_of_work_terminated_before_its_commit_is_unavailable(server_url: str) -> None:
    async def write(store: SqlStore) -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.take_revision("ws_1")
            _terminate_everybody(server_url)

    async with opened(server_url) as store:
        with pytest.raises(Unavailable):
            await write(store)
        assert await _take_revision(store) == 1


async def test_a_restarted_server_is_used_again_with_no_restart_of_ours(own_server: PostgresServer) -> None:
    url = own_server.url(own_server.create_database())
    await furnish(url)
    async with opened(url) as store:
        await _take_revision(store)
        notices = store.notices()
        await asyncio.to_thread(own_server.stop)
        for question in (store.ping, store.epoch, lambda: _take_revision(store)):
            with pytest.raises(Unavailable):
                await question()

        await asyncio.to_thread(own_server.start)
        await eventually_answers(store, within=RECOVERY)

        assert await _take_revision(store) == 2
        await _until(notices, READ_EVERYTHING)


async def test_a_store_opened_while_the_database_is_away_comes_up_by_itself(own_server: PostgresServer) -> None:
    url = own_server.url(own_server.create_database())
    await furnish(url)
    await asyncio.to_thread(own_server.stop)

    async with opened(url) as store:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await store.ping()
        await asyncio.to_thread(own_server.start)
        await eventually_answers(store, within=RECOVERY)

        async with store.reading() as work:
            assert await work.workspaces.get("ws_1") == WORKSPACE


async def test_a_database_without_tables_is_unavailable_until_it_is_migrated(postgres_url: str) -> None:
    async with opened(postgres_url) as store:
        with pytest.raises(Unavailable, match="migrate-database"):
            await store.ping()

        await asyncio.to_thread(migrate, postgres_url)

        await store.ping()


async def test_a_notice_of_one_replica_is_heard_by_the_other(server_url: str) -> None:
    async with opened(server_url) as one, opened(server_url) as other:
        notices = other.notices()
        await _until(notices, READ_EVERYTHING)  # from now on it listens

        await _announce(one, Notice("ws_1", closed_event="dp_1/ev_1"))

        await _until(notices, Notice("ws_1", closed_event="dp_1/ev_1"))


async def test_a_replica_that_lost_its_connection_is_told_to_read_everything_and_hears_again(server_url: str) -> None:
    async with opened(server_url) as store:
        notices = store.notices()
        await _until(notices, READ_EVERYTHING)

        _terminate_everybody(server_url)

        await _until(notices, READ_EVERYTHING)
        await _announce(store, Notice("ws_1"))
        await _until(notices, Notice("ws_1"))


@pytest.mark.parametrize("payload", ["", "no JSON", "5", "null", '["ws_1"]', '["a","b","c","d"]', '{"a":1}'])
async def test_what_no_replica_of_ours_says_is_a_reason_to_read_everything_and_is_heard_on(
    server_url: str, payload: str
) -> None:
    async with opened(server_url) as store:
        notices = store.notices()
        await _until(notices, READ_EVERYTHING)

        with _as_operator(server_url) as operator:
            operator.execute("SELECT pg_notify(%s, %s)", ["agentrouter", payload])

        async with asyncio.timeout(60):
            assert await anext(notices) == READ_EVERYTHING
        await _announce(store, Notice("ws_1"))
        async with asyncio.timeout(60):
            assert await anext(notices) == Notice("ws_1")


async def test_readers_who_take_every_place_leave_the_writers_theirs(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(server_url, pool_size=2) as store, contextlib.AsyncExitStack() as hanging:
        for _ in range(2):
            await hanging.enter_async_context(store.reading())

        with monkeypatch.context() as hasty:
            hasty.setattr(engine, "BEGIN_WAIT", timedelta(milliseconds=200))
            with pytest.raises(Unavailable):
                await store.ping()
        assert await _take_revision(store) == 1


async def test_a_row_that_somebody_holds_is_waited_for_only_so_long(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_connecting.SESSION, "lock_timeout", 50)
    async with opened(server_url) as store:
        async with store.unit_of_work() as work:
            await work.workspaces.lock("ws_1")
            with pytest.raises(Unavailable, match="bounded wait"):
                await _take_revision(store)

        assert await _take_revision(store) == 1


async def test_a_statement_that_takes_too_long_is_ended(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres_connecting.SESSION, "statement_timeout", 1000)
    async with opened(server_url) as store:
        with _as_operator(server_url) as operator, operator.transaction():
            operator.execute("LOCK TABLE workspaces IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(Unavailable, match="time limit"):
                await _take_revision(store)

        assert await _take_revision(store) == 1


async def test_writers_in_each_others_way_both_get_through_or_are_told_to_come_again(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _as_operator(server_url) as operator:
        operator.execute("INSERT INTO workspaces SELECT 'ws_2', tenant_id, 'second', 0, 0, created_at FROM workspaces")
        operator.execute(f"ALTER DATABASE \"{operator.info.dbname}\" SET deadlock_timeout = '50ms'")
    first_held = asyncio.Barrier(2)

    async def take(store: SqlStore, *workspace_ids: str) -> None:
        async with store.unit_of_work() as work:
            await work.workspaces.take_revision(workspace_ids[0])
            await first_held.wait()
            await work.workspaces.take_revision(workspace_ids[1])

    async with opened(server_url) as store:
        results = await asyncio.gather(take(store, "ws_1", "ws_2"), take(store, "ws_2", "ws_1"), return_exceptions=True)

    refused = [result for result in results if result is not None]
    assert [type(result) for result in refused] == [Unavailable]
    assert "in the way" in str(refused[0])


async def test_a_read_only_standby_is_unavailable_to_writers(server_url: str) -> None:
    with _as_operator(server_url) as operator:
        database = operator.info.dbname
        operator.execute(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on')
    async with opened(server_url) as store:
        with pytest.raises(Unavailable, match="read-only"):
            await _take_revision(store)
        await store.ping()


async def test_an_operators_own_session_settings_win(server_url: str) -> None:
    address = f"{server_url}&options=-c%20lock_timeout%3D50"
    async with opened(address) as store, store.unit_of_work() as work:
        await work.workspaces.lock("ws_1")
        with pytest.raises(Unavailable, match="bounded wait"):
            await _take_revision(store)


async def test_a_refused_login_says_so_without_the_password(server_url: str) -> None:
    address = server_url.replace("postgres@", "nobody-known:pass-word@")

    async with opened(address) as store:
        with pytest.raises(Unavailable) as caught:
            await store.ping()

    assert "pass-word" not in str(caught.value)


async def _refuse_as_a_pooler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """PgBouncer's words for session settings that it does not track."""
    await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
    said = b"SFATAL\0C08P01\0Munsupported startup parameter in options: statement_timeout\0\0"
    writer.write(b"E" + (len(said) + 4).to_bytes(4, "big") + said)


async def test_a_server_that_does_not_let_us_in_is_unavailable_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving_tcp(_refuse_as_a_pooler) as port, opened(_address(port)) as store:
        with pytest.raises(Unavailable):
            await store.ping()
        async with asyncio.timeout(60):
            while "unsupported startup parameter" not in caplog.text:  # noqa: ASYNC110 - there is nothing to wait on
                await asyncio.sleep(0.02)

    assert "pass-word" not in caplog.text


def _address(port: int) -> str:
    return f"postgresql://u:pass-word@127.0.0.1:{port}/d?sslmode=disable&gssencmode=disable"
