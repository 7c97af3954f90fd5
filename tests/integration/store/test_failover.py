"""PostgreSQL with a standby: the address names both, and writers find the one that writes, whatever became of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest

from controlplane.domain.errors import Unavailable
from controlplane.store import SqlStore
from tests.fakes.postgres import PostgresServer, running_postgres, running_standby
from tests.fakes.stores import opened
from tests.integration.store.conftest import furnish

RECOVERY = timedelta(seconds=60)
"""Bounds the wait; how long it takes on a machine with nothing else to do is for a benchmark to say."""


@pytest.fixture
def primary() -> Iterator[PostgresServer]:
    """A server of the test's own."""
    with running_postgres() as server:
        yield server


async def _take_revision(store: SqlStore) -> int:
    async with store.unit_of_work() as work:
        return await work.workspaces.take_revision("ws_1")


async def _taken_again(store: SqlStore) -> int:
    async with asyncio.timeout(RECOVERY.total_seconds()):
        while True:
            try:
                return await _take_revision(store)
            except Unavailable:
                await asyncio.sleep(0.05)


def _revision(server: PostgresServer, database: str) -> int:
    with psycopg.connect(server.url(database).replace("+psycopg", "")) as operator:
        found = operator.execute("SELECT revision FROM workspaces").fetchone()
    assert found is not None
    return int(found[0])


@pytest.mark.parametrize("harm", [PostgresServer.stop, PostgresServer.refuse_writes], ids=["gone", "demoted"])
async def test_the_standby_that_is_promoted_is_written_to(
    primary: PostgresServer, harm: Callable[[PostgresServer], None]
) -> None:
    database = primary.create_database()
    await furnish(primary.url(database))
    with running_standby(primary) as standby:
        address = f"{primary.url(database)}&host={standby.folder}&target_session_attrs=read-write"
        async with opened(address) as store:
            assert await _take_revision(store) == 1
            await store.ping()
            async with asyncio.timeout(RECOVERY.total_seconds()):
                while _revision(standby, database) < 1:  # noqa: ASYNC110 - there is nothing to wait on
                    await asyncio.sleep(0.05)

            await asyncio.to_thread(harm, primary)
            with pytest.raises(Unavailable) as refused:
                await _take_revision(store)
            await asyncio.to_thread(standby.promote)

            assert refused.value.retry_after > timedelta(0)
            assert await _taken_again(store) == 2
            assert _revision(standby, database) == 2
            await store.ping()
