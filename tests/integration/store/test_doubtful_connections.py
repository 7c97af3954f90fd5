"""PostgreSQL: a connection whose state nobody knows is closed, so that nobody after finds what somebody left in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import waiting
from sqlalchemy.engine import make_url

from controlplane.domain.errors import Unavailable
from controlplane.domain.revocations import Revocation
from controlplane.store import SqlStore, engine
from tests.contract.store.nouns import NOW
from tests.fakes.relayed_postgres import Fate, Relay
from tests.fakes.stores import opened
from tests.fakes.tcp import serving_tcp


class Interruption:
    """Cancels the task that lets others run while it uses the driver, the n-th time that it does."""

    def __init__(self, at: int) -> None:
        self._left = at
        self.came = False

    async def sleep(self, seconds: float) -> None:
        """Like asyncio's."""
        self._left -= 1
        if self._left == 0 and (task := asyncio.current_task()) is not None:
            self.came = True
            task.cancel()
        await asyncio.sleep(seconds)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The driver lets others run after each of its steps, as it does in a process that has much to do."""
    monkeypatch.setattr(waiting, "MAX_BUSY_TIME", 0)
    return monkeypatch


async def _write(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        revision = await work.workspaces.take_revision("ws_1")
        revoked = [Revocation("ws_1", f"{revision}-{number}", NOW, revision, "", NOW) for number in range(3)]
        await work.revocations.add_new(revoked)  # many rows at once are what the driver has its pipeline for


async def test_whatever_step_a_writer_is_cancelled_at_the_next_one_finds_a_clean_connection(
    server_url: str, busy: pytest.MonkeyPatch
) -> None:
    async with opened(server_url, pool_size=1) as store:
        await _write(store)
        for step in range(1, 100):
            interruption = Interruption(step)
            busy.setattr(waiting, "sleep", interruption.sleep)
            task = asyncio.create_task(_write(store))
            with contextlib.suppress(asyncio.CancelledError):
                await task
            busy.setattr(waiting, "sleep", asyncio.sleep)

            await _write(store)

            if not interruption.came:
                break
        else:
            pytest.fail("the writer never came to its end")
    assert step > 5


async def test_a_commit_whose_answer_is_lost_is_unavailable_for_only_a_repetition_can_tell(server_url: str) -> None:
    relay = Relay(server_url)
    async with relay.serving() as address, opened(address) as store:
        relay.strike("", Fate.UNANSWERED)
        with pytest.raises(Unavailable) as caught:
            await _write(store)

        assert caught.value.retry_after.total_seconds() > 0
        async with store.reading() as work:
            workspace = await work.workspaces.get("ws_1")
        assert workspace is not None
        assert workspace.revision == 1
        await _write(store)


async def _write_but_give_up_a_statement(store: SqlStore) -> None:
    async with store.unit_of_work() as work:
        await work.revocations.add_new([Revocation("ws_1", "ck_1", NOW, 1, "", NOW)])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await work.workspaces.lock("ws_1")


async def test_a_unit_of_work_that_goes_on_after_giving_up_a_statement_is_refused_and_leaves_nothing(
    server_url: str,
) -> None:
    async with opened(server_url) as store:
        with psycopg.connect(server_url.replace("postgresql+psycopg", "postgresql")) as somebody:
            somebody.execute("SELECT * FROM workspaces FOR UPDATE")
            with pytest.raises(Unavailable):
                await _write_but_give_up_a_statement(store)

        async with store.reading() as work:
            assert await work.revocations.of("ws_1", ["ck_1"]) == {}


@contextlib.asynccontextmanager
async def _falling_silent(server_url: str, silent: asyncio.Event) -> AsyncIterator[str]:
    """The server's address by way of a network that takes everything and brings nothing from then on."""
    url = make_url(server_url)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(f"{url.query['host']}/.s.PGSQL.5432")

        async def bring(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                if silent.is_set():
                    await asyncio.Event().wait()
                target.write(data)
            target.close()

        try:
            await asyncio.gather(bring(reader, to_server), bring(from_server, writer))
        finally:
            to_server.close()

    async with serving_tcp(pass_on) as port:
        yield f"postgresql://{url.username}@127.0.0.1:{port}/{url.database}?sslmode=disable&gssencmode=disable"


async def test_a_server_that_falls_silent_is_given_up_within_the_bounded_wait_however_long_its_driver_takes(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = asyncio.Event()
    async with contextlib.AsyncExitStack() as network:
        address = await network.enter_async_context(_falling_silent(server_url, silent))
        async with opened(address) as store:
            await _write(store)
            silent.set()
            monkeypatch.setattr(engine, "BEGIN_WAIT", timedelta(milliseconds=100))

            async with asyncio.timeout(5):
                for ask in (store.ping, store.epoch, lambda: _write(store)):
                    with pytest.raises(Unavailable, match="bounded wait"):
                        await ask()

            monkeypatch.undo()
            await network.aclose()
