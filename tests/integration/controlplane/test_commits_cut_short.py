"""PostgreSQL ends or crashes while a command is being committed: written already, or not yet; it takes effect once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from controlplane.store import migrate
from tests.contract.wires.clients import open_api
from tests.contract.wires.people import Tenant, new_tenant
from tests.contract.wires.refusals import Refused
from tests.contract.wires.running import running
from tests.fakes.postgres import PostgresServer, running_postgres
from tests.integration.controlplane.processes import SERVE, bootstrapped, serving
from tests.integration.controlplane.test_process import DOOMED, call, put

pytestmark = pytest.mark.asyncio(loop_scope="session")
LATER = {"UNAVAILABLE", "ABORTED", "RESOURCE_EXHAUSTED"}
MASTER_KEY = "5a" * 32
# Nobody sees it yet. The control plane's own upkeep waits just so, but keeps no answer.
WRITTEN = """
SELECT pid FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE wait_event = 'SyncRep' AND relation = 'answers'::regclass AND mode = 'RowExclusiveLock'
"""
# A COMMIT that comes to a halt before it writes anything, while somebody holds the lock 7.
HALT = """
CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN SET LOCAL lock_timeout = 0; PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER halt AFTER INSERT ON answers DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION halt();
"""
NOT_WRITTEN = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND objsubid = 1 AND NOT granted"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One whose commits outlive its crashes."""
    with running_postgres(synchronous_commit="on") as postgres:
        yield postgres


@pytest.fixture
def database(server: PostgresServer) -> str:
    """The address of a migrated database."""
    url = server.url(server.create_database())
    migrate(url)
    return url


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(database: str, tmp_path: Path) -> AsyncIterator[Tenant]:
    """Of a control plane over it, with a first version of a document."""
    async with running(database, tmp_path) as served:
        api = open_api("grpc", served.grpc, served.url)
        made = await new_tenant(api, served)
        await made.put()
        yield made
        await api.close()


def plain(database: str) -> str:
    """For psycopg."""
    return database.replace("postgresql+psycopg", "postgresql")


async def eventually(find: Callable[[], Any]) -> Any:
    """What it finds, once that is something."""
    async with asyncio.timeout(60):
        while not (found := await asyncio.to_thread(find)):  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(0.02)
    return found


def force(tenant: Tenant) -> Any:
    """A command that makes a version whenever it is carried out."""
    return configurations.TriggerUpdateRequest(workspace_id=tenant.id, force=True, request_id="r-1")


async def answered(tenant: Tenant, request: Any) -> Any:
    """The answer, asked for until it is given."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await tenant.call(request)
            except Refused as refused:
                assert refused.code in LATER, refused  # noqa: PT017 - anything else is a defect
            await asyncio.sleep(0.05)


async def versions(tenant: Tenant) -> list[int]:
    """All that there are, newest first."""
    request = configurations.ListConfigurationsRequest(workspace_id=tenant.id, history=True)
    return [each.version for each in (await answered(tenant, request)).configurations]


async def is_done_once(tenant: Tenant, *, written: bool) -> None:
    """By the commit that was cut short, or else by the same command again."""
    assert await versions(tenant) == ([2, 1] if written else [1])
    answer = await answered(tenant, force(tenant))
    assert (answer.changed, answer.configuration.version) == (True, 2)
    assert await versions(tenant) == [2, 1]


@asynccontextmanager
async def being_committed(server: PostgresServer, tenant: Tenant, *, written: bool) -> AsyncIterator[list[int]]:
    """The backends whose COMMIT has come to a halt, once the command's has; in the end it is refused as an outage."""
    database = plain(tenant.running.database_url)
    with psycopg.connect(database, autocommit=True) as holder:
        if written:
            server.wait_for_standby(True)
        else:
            holder.execute(HALT)
            holder.execute("SELECT pg_advisory_lock(7)")
        under_way = asyncio.create_task(tenant.call(force(tenant)))

        def halted() -> list[int]:
            with psycopg.connect(database, autocommit=True) as watcher:
                return [pid for (pid,) in watcher.execute(WRITTEN if written else NOT_WRITTEN)]

        yield await eventually(halted)
        with pytest.raises(Refused) as refused:
            await under_way
    assert refused.value.code == "UNAVAILABLE"


@pytest.mark.parametrize("written", [True, False])
async def test_a_session_that_is_ended_while_it_commits_leaves_its_command_done_once(
    server: PostgresServer, tenant: Tenant, written: bool
) -> None:
    async with being_committed(server, tenant, written=written) as backends:
        with psycopg.connect(plain(tenant.running.database_url), autocommit=True) as operator:
            operator.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [backends])
    server.wait_for_standby(False)

    await is_done_once(tenant, written=written)


@pytest.mark.parametrize("written", [True, False])
async def test_a_database_that_crashes_while_it_commits_leaves_its_command_done_once(
    server: PostgresServer, tenant: Tenant, written: bool
) -> None:
    async with being_committed(server, tenant, written=written):
        await asyncio.to_thread(server.crash)
    await asyncio.to_thread(server.start)
    server.wait_for_standby(False)

    await is_done_once(tenant, written=written)


async def test_a_replica_that_is_killed_between_commit_and_answer_leaves_its_command_done_once(
    database: str, tmp_path: Path
) -> None:
    setting = {"database_url": database, "master_key": MASTER_KEY}
    made = bootstrapped(tmp_path, **setting)
    request = configurations.TriggerUpdateRequest(workspace_id=made.workspace_id, force=True, request_id="r-1")
    with serving(tmp_path, SERVE, **setting) as other, serving(tmp_path, DOOMED, **setting) as doomed:
        await call(other, put(made.workspace_id), made.management_key)
        with pytest.raises(Refused):
            await call(doomed, request, made.management_key)
        assert await asyncio.to_thread(doomed.popen.wait, 30) == -signal.SIGKILL

        answer = await call(other, request, made.management_key)
        listed = await call(other, configurations.ListConfigurationsRequest(history=True), made.management_key)

    assert (answer.changed, answer.configuration.version) == (True, 2)
    assert [each.version for each in listed.configurations] == [2, 1]
