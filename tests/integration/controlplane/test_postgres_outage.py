"""PostgreSQL stops, restarts, throws everybody out, or is not there yet: told, survived, and nobody restarts us."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from controlplane.store import migrate
from tests.contract.wires.clients import Api, open_api
from tests.contract.wires.people import Agent, Tenant, new_tenant
from tests.contract.wires.plain_http import get
from tests.contract.wires.refusals import Refused, refusal
from tests.contract.wires.running import Running, running
from tests.fakes.postgres import PostgresServer, running_postgres

pytestmark = pytest.mark.asyncio(loop_scope="session")
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
RECOVERS_WITHIN = 60.0
"""Seconds; bounds the wait. How long it takes on a machine with nothing else to do is for a benchmark to say."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One that may be stopped without disturbing other tests."""
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture
def database(server: PostgresServer) -> str:
    """The address of a migrated database."""
    url = server.url(server.create_database())
    migrate(url)
    return url


@pytest_asyncio.fixture(loop_scope="session")
async def plane(database: str, tmp_path: Path) -> AsyncIterator[Running]:
    """A control plane over it."""
    async with running(database, tmp_path) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session", params=["grpc", "connect"])
async def api(request: pytest.FixtureRequest, plane: Running) -> AsyncIterator[Api]:
    """A client."""
    client = open_api(request.param, plane.grpc, plane.url)
    yield client
    await client.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(api: Api, plane: Running) -> Tenant:
    """A tenant."""
    return await new_tenant(api, plane)


async def health(plane: Running) -> int:
    """What grpc.health.v1 says of the Configurator."""
    service = "agentrouter.configurator.v1.ConfiguratorService"
    async with grpc.aio.insecure_channel(plane.grpc) as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


async def eventually(holds: Callable[[], Awaitable[bool]], within: float = RECOVERS_WITHIN) -> None:
    """Return as soon as it holds; time out otherwise."""
    async with asyncio.timeout(within):
        while not await holds():  # noqa: ASYNC110 - there is nothing to wait on
            await asyncio.sleep(0.05)


async def stopped(server: PostgresServer) -> None:
    """Return once it is down."""
    await asyncio.to_thread(server.stop)


async def started(server: PostgresServer) -> None:
    """Return once it answers."""
    await asyncio.to_thread(server.start)


async def hanging_poll(agent: Agent, tenant: Tenant) -> asyncio.Task[Any]:
    """A poll that hangs until there is something new, for as long as that takes."""
    known = await agent.poll()

    async def news() -> Any:
        while not (answer := await agent.poll(known.revision, cursor=known.event_cursor, wait=30)).configurations:
            pass
        return answer

    poll = asyncio.create_task(news())

    async def hangs() -> bool:
        return tenant.running.plane.feed.hanging > 0

    await eventually(hangs)
    return poll


async def test_while_it_is_stopped_everything_says_so_and_afterwards_everything_goes_on(
    server: PostgresServer, plane: Running, tenant: Tenant
) -> None:
    agent = await tenant.settled_agent()
    known = await agent.poll()
    poll = await hanging_poll(agent, tenant)

    await stopped(server)
    try:
        for bearer in (tenant.admin, "ak-" + "x" * 43):
            with refusal("UNAVAILABLE", "STORE_UNAVAILABLE") as refused:
                await tenant.api(workspaces.ListWorkspacesRequest(), bearer)
            assert refused.retry_after.total_seconds() > 0
        with refusal("UNAVAILABLE") as refused:
            await tenant.put()
        assert refused.retry_after.total_seconds() > 0

        async def not_serving() -> bool:
            return await health(plane) == int(NOT_SERVING)

        await eventually(not_serving)
        assert (await get(plane, "/health"))[0] == 200
        assert (await get(plane, "/ready"))[0] == 503
        assert not poll.done()
        assert (await agent.poll(known.revision, cursor=known.event_cursor)).revision == known.revision
    finally:
        await started(server)

    async def serving() -> bool:
        ready, _ = await get(plane, "/ready")
        return await health(plane) == int(SERVING) and ready == 200

    await eventually(serving)
    put = await tenant.put()
    assert (await poll).configurations[0].digest == put.configuration.digest


async def test_a_write_that_begins_right_after_a_restart_succeeds_without_ours(
    server: PostgresServer, tenant: Tenant
) -> None:
    await tenant.put()
    await stopped(server)
    await started(server)

    async def succeeds() -> bool:
        try:
            return bool((await tenant.trigger(force=True)).changed)
        except Refused as refused:
            assert refused.code == "UNAVAILABLE"  # noqa: PT017 - an answer is fine as well
            return False

    await eventually(succeeds)


async def test_thrown_out_connections_are_made_again_and_nothing_that_happened_meanwhile_is_missed(
    tenant: Tenant, database: str
) -> None:
    agent = await tenant.settled_agent()
    poll = await hanging_poll(agent, tenant)

    with psycopg.connect(database.replace("postgresql+psycopg", "postgresql"), autocommit=True) as operator:
        for _ in range(3):
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    async def succeeds() -> bool:
        try:
            return bool((await tenant.put()).changed)
        except Refused as refused:
            assert refused.code == "UNAVAILABLE"  # noqa: PT017 - an answer is fine as well
            return False

    await eventually(succeeds)
    assert (await poll).configurations


async def test_writers_that_wait_for_a_row_give_up_in_time_and_polls_go_on_meanwhile(
    tenant: Tenant, database: str
) -> None:
    agent = await tenant.settled_agent()
    known = await agent.poll()
    await tenant.put()
    with psycopg.connect(database.replace("postgresql+psycopg", "postgresql")) as somebody:
        somebody.execute("SELECT * FROM workspaces WHERE id = %s FOR UPDATE", [tenant.id])

        waiting = asyncio.gather(*(tenant.trigger(force=True) for _ in range(15)), return_exceptions=True)
        assert (await agent.poll(known.revision)).revision >= known.revision
        assert (await tenant.call(workspaces.GetWorkspaceRequest(workspace_id=tenant.id))).workspace.id
        refused = await asyncio.wait_for(waiting, 60)

    assert {type(each) for each in refused} == {Refused}
    codes = {each.code for each in refused if isinstance(each, Refused)}
    assert codes == {"UNAVAILABLE", "RESOURCE_EXHAUSTED"}  # some wait for the row, the others for a place to wait
    assert (await tenant.trigger(force=True)).changed


async def test_a_revocation_that_could_not_be_heard_of_is_known_when_the_connection_is_back(
    tenant: Tenant, database: str
) -> None:
    """As another replica would revoke: in the database, the notice lost."""
    agent = await tenant.settled_agent()
    await agent.poll()

    with psycopg.connect(database.replace("postgresql+psycopg", "postgresql"), autocommit=True) as operator:
        operator.execute("UPDATE dataplanes SET revoked_at = now() WHERE id = %s", [agent.id])
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    async def refused() -> bool:
        try:
            await agent.poll()
        except Refused as error:
            return (error.code, error.reason) == ("UNAUTHENTICATED", "DATAPLANE_REVOKED")
        return False

    await eventually(refused)


async def test_it_starts_while_the_database_is_away_and_comes_up_by_itself(
    server: PostgresServer, database: str, tmp_path: Path
) -> None:
    await stopped(server)
    async with contextlib.AsyncExitStack() as away:
        away.push_async_callback(started, server)
        async with running(database, tmp_path) as plane:
            client = open_api("grpc", plane.grpc, plane.url)
            assert (await get(plane, "/ready"))[0] == 503
            with refusal("UNAVAILABLE"):
                await client(configurations.ListActiveUsersRequest(), "ak-" + "x" * 43)
            await away.aclose()

            async def serving() -> bool:
                return await health(plane) == int(SERVING)

            await eventually(serving)
            late = await new_tenant(client, plane)
            assert (await late.put()).changed
            await client.close()
