"""Every test here runs on both wires over both databases: one control plane a database, one tenant a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from controlplane.store import migrate
from tests.contract.wires.clients import Api, open_api
from tests.contract.wires.people import Tenant, new_tenant
from tests.contract.wires.running import Running, running
from tests.fakes.postgres import PostgresServer
from tests.fakes.stores import KINDS

HERE = Path(__file__).parent
WIRES = ("grpc", "connect", "json")
NOTHING_NEW = {("json", "postgresql"), ("connect", "sqlite")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of them: grpc.aio wants no more than one in a process.

    The wires know no database and JSON is Connect in other letters, so each of the two is shown over one database:
    gRPC and Connect both run over both.
    """
    items[:] = [item for item in items if not _shows_nothing_new(item)]
    for item in items:
        if HERE in item.path.parents and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def _shows_nothing_new(item: pytest.Item) -> bool:
    given = getattr(getattr(item, "callspec", None), "params", {})
    return HERE in item.path.parents and (given.get("api"), given.get("control_plane")) in NOTHING_NEW


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=KINDS)
async def control_plane(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A control plane over one kind of database."""
    home = tmp_path_factory.mktemp(f"wires-{request.param}")
    url = f"sqlite:///{home / 'agentrouter.db'}"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.url(server.create_database())
        migrate(url)
    async with running(url, home) as plane:
        yield plane


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=WIRES)
async def api(request: pytest.FixtureRequest, control_plane: Running) -> AsyncIterator[Api]:
    """A client of one wire."""
    client = open_api(request.param, control_plane.grpc, control_plane.url)
    yield client
    await client.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(api: Api, control_plane: Running) -> AsyncIterator[Tenant]:
    """A tenant that only this test uses."""
    async with _a_tenant(api, control_plane) as tenant:
        yield tenant


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(api: Api, control_plane: Running) -> AsyncIterator[Tenant]:
    """Another one, who must see nothing of the first."""
    async with _a_tenant(api, control_plane) as tenant:
        yield tenant


@pytest_asyncio.fixture(loop_scope="session")
async def victim(control_plane: Running) -> AsyncIterator[Tenant]:
    """A tenant over JSON; the wire attacked is chosen by each test."""
    api = open_api("json", control_plane.grpc, control_plane.url)
    async with _a_tenant(api, control_plane) as tenant:
        yield tenant
    await api.close()


@asynccontextmanager
async def _a_tenant(api: Api, control_plane: Running) -> AsyncIterator[Tenant]:
    """The control plane is the next test's as well: what it keeps in memory for this one goes with it."""
    tenant = await new_tenant(api, control_plane)
    yield tenant
    control_plane.forget(tenant.id)
