"""One database, one or two control planes on it, agents that talk to them, and a time that is given."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from google.protobuf.message import Message
from sqlalchemy.engine import make_url

from controlplane.bootstrap import ControlPlane, assemble
from controlplane.domain.callers import Caller, DataplaneCaller, ManagementCaller, Role
from controlplane.domain.dataplanes import AgentReport, Dataplane
from controlplane.security.keyring import KeyRing, MasterKey
from controlplane.services.answers import RequestKey
from controlplane.services.publishing import Publisher
from controlplane.store import migrate, open_store
from controlplane.system import SystemRandom, UlidIds
from controlplane.transport.calls import Call, Spliced
from controlplane.transport.execution import carry_out
from tests.contract.wires.procedures import procedure_of
from tests.fakes.postgres import PostgresServer
from tests.fakes.stores import HandClock, copy_of_migrated_file

KEY = MasterKey(bytes(range(32)))
POOL = 3
GIVEN_TIME = """
CREATE SCHEMA given;
CREATE TABLE given.time (now timestamptz NOT NULL);
INSERT INTO given.time VALUES ('2026-11-20 09:00:00+00');
CREATE FUNCTION given.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now FROM given.time';
"""
numbers = count(1)


@dataclass(slots=True)
class Place:
    """A database's address, and how its time is set."""

    url: str
    clock: HandClock
    replicas: int
    admin_url: str = ""

    def skip(self, by: timedelta) -> None:
        """Have time pass for everybody who uses the database."""
        self.clock.advance(by)
        if self.admin_url:
            with psycopg.connect(self.admin_url, autocommit=True) as connection:
                connection.execute("UPDATE given.time SET now = %s", (self.clock.time,))


def sqlite_place(folder: Path) -> Place:
    """A file, which one control plane at a time may use."""
    url = copy_of_migrated_file(folder / "template.db", folder / "store.db")
    return Place(url, HandClock(), replicas=1)


def postgres_place(server: PostgresServer) -> Place:
    """A database that two control planes share; its own clock is hidden behind one that is given."""
    name = server.create_database()
    migrate(server.url(name))
    admin_url = make_url(server.url(name)).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(GIVEN_TIME)
    url = make_url(server.url(name)).update_query_dict({"options": "-c search_path=given,pg_catalog,public"})
    clock = HandClock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
    return Place(url.render_as_string(hide_password=False), clock, 2, admin_url)


@dataclass(slots=True)
class Replica:
    """A control plane, as long as it lives."""

    plane: ControlPlane
    closing: contextlib.AsyncExitStack


@dataclass(slots=True)
class World:
    """`place` outlives every control plane. A tenant and workspace of their own keep histories apart."""

    place: Place
    replicas: list[Replica] = field(default_factory=list)
    admin: ManagementCaller = field(init=False)
    workspace_id: str = ""
    ids: UlidIds = field(default_factory=UlidIds)

    async def start(self) -> None:
        """All control planes, and a workspace."""
        self.replicas = [await self._started() for _ in range(self.place.replicas)]
        workspace = await self.replicas[0].plane.workspaces.ensure_default(f"tenant-{next(numbers)}", "default")
        self.admin = ManagementCaller("mk_test", workspace.tenant_id, Role.ADMIN)
        self.workspace_id = workspace.id

    async def stop(self) -> None:
        """Without a word, as a killed process."""
        for replica in self.replicas:
            await replica.closing.aclose()

    async def restart(self, number: int) -> None:
        """What it had in memory is gone."""
        await self.replicas[number].closing.aclose()
        self.replicas[number] = await self._started()

    async def _started(self) -> Replica:
        closing = contextlib.AsyncExitStack()
        store = await closing.enter_async_context(_opened(self.place))
        plane = assemble(store, KeyRing(KEY), self.place.clock, SystemRandom())
        return Replica(plane, closing)

    async def call(self, number: int, request: Message, caller: Caller, request_id: str = "") -> Any:
        """One RPC as both wires have it carried out."""
        path = procedure_of(type(request)).path
        key = None
        if request_id:
            mac = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
            key = RequestKey(getattr(caller, "key_id", ""), path, request_id, mac)
        answer = await carry_out(self.replicas[number].plane.operations[path], request, Call(caller, "test", key))
        return answer.message() if isinstance(answer, Spliced) else answer

    async def enrol(self) -> DataplaneCaller:
        """A data plane that is to take everything."""
        plane = self.replicas[0].plane
        dataplane_id = self.ids.new("dp")
        async with plane.store.unit_of_work() as work:
            workspace = await work.workspaces.lock(self.workspace_id)
            assert workspace is not None
            await work.dataplanes.add(
                Dataplane(
                    dataplane_id, workspace.id, "", "", bytes(32), bytes(32), 0, None, AgentReport(), await work.now()
                )
            )
            await Publisher(self.ids).ring_everything(work, workspace, dataplane_id)
        return DataplaneCaller(dataplane_id, self.workspace_id)


@contextlib.asynccontextmanager
async def _opened(place: Place) -> AsyncIterator[Any]:
    async with open_store(
        place.url, clock=place.clock, random=SystemRandom(), pool_size=POOL, monotonic_ns=place.clock.monotonic_ns
    ) as store:
        yield store
