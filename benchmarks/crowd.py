"""Very many agents in one process: each on a connection of its own, hanging in polls, coming back when it is cut off.

They back off as the product's agent does: up to a limit that doubles from 0.2 to 15 seconds, drawn anew each time.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agentrouter.configurator.v1 import configurations_pb2 as conf
from benchmarks.agents import Identity, Position
from benchmarks.empty_server import PATH
from benchmarks.http1 import Answer, Connection, request, request_head
from benchmarks.plane import Home
from benchmarks.processes import CannotMeasure
from controlplane.bootstrap import control_plane
from controlplane.domain.dataplanes import AgentReport, Boot, Dataplane
from controlplane.settings import load_settings

HANG: Final = timedelta(seconds=30)
FIRST_BACK_OFF, LONGEST_BACK_OFF = 0.2, 15.0
ASKED_TO_WAIT = 1.0  # what the control plane's RetryInfo says when it is too busy
TOO_BUSY: Final = {429, 503}
AN_ADDRESS = 25_000  # connections from one loopback address to one port
SEALED_BYTES = 80
OPENING = 200  # connections under way at once, so that the listening queue holds them


@dataclass(slots=True)
class Moments:
    """When things happened, in seconds of one clock; emptied before each phase."""

    answered: list[float] = field(default_factory=list)  # an agent's first answer after it connected
    received: list[float] = field(default_factory=list)  # a new version
    put_off: int = 0  # polls refused for being too many
    problem: str = ""

    def begin(self) -> None:
        """Of the next phase."""
        self.answered, self.received, self.put_off = [], [], 0


async def enrolled(home: Home, count: int) -> list[Identity]:
    """That many data planes, written at once into the store of a control plane that does not run yet: they are as
    after an earlier life, with everything applied."""
    keys = [Ed25519PrivateKey.generate() for _ in range(count)]
    public = [key.public_key().public_bytes_raw() for key in keys]
    async with control_plane(load_settings(home=home.folder)) as plane, plane.store.unit_of_work() as work:
        now, delivery_keys = await work.now(), await work.secrets.delivery_keys(home.workspace_id)
        boot = Boot(1, Position().boot.nonce)
        first = Dataplane(
            _id(0), home.workspace_id, "default", "agent", public[0], public[0], 0, boot, AgentReport(), now
        )
        await work.dataplanes.add(first)
        for delivery_key in delivery_keys:  # nobody opens them here
            await work.secrets.add_sealed_delivery_key(first.id, delivery_key.id, bytes(SEALED_BYTES))
    with sqlite3.connect(home.folder / "agentrouter.db") as database:
        others = [{"id": _id(number), "signing_key": public[number]} for number in range(1, count)]
        _copy(database, "dataplanes", others)
        _copy(database, "sealed_delivery_keys", [{"dataplane_id": other["id"]} for other in others])
    return [Identity(_id(number), home.workspace_id, key) for number, key in enumerate(keys)]


def _copy(database: sqlite3.Connection, table: str, others: Sequence[Mapping[str, object]]) -> None:
    """Each row of the table once more for each of the others, which differs in what it says."""
    found = database.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of ours
    columns = [column for column, *_ in found.description]
    for row in found.fetchall():
        blanks = ", ".join("?" * len(columns))
        rows = [[other.get(column, value) for column, value in zip(columns, row, strict=True)] for other in others]
        database.executemany(f"INSERT INTO {table} VALUES ({blanks})", rows)  # noqa: S608


def _id(number: int) -> str:
    return f"dp_benchmark{number:06}"


class _Agent:
    def __init__(self, identity: Identity, place: int, port: int, moments: Moments) -> None:
        self._source = (f"127.0.0.{2 + place // AN_ADDRESS}", 0)
        self._port = port
        self._moments = moments
        headers = {"content-type": "application/proto", "authorization": f"Bearer {identity.token()}"}
        self._head = request_head("POST", PATH, headers)
        self._limit = FIRST_BACK_OFF
        self._greeted = False
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._closed = False
        self.position = Position()

    async def connect(self) -> None:
        """Ask at once what is new; from then on it goes on by itself."""
        connection = Connection(lambda answer: self._answered(connection, answer), self._lost)
        self._greeted = False
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: connection, "127.0.0.1", self._port, local_addr=self._source
            )
        except ConnectionRefusedError:  # nobody serves at the moment
            self._later(self._back_off())
            return
        except OSError as error:
            self._moments.problem = f"a connection failed: {error}"
            return
        self._connection = connection
        self._ask(connection)

    def close(self) -> None:
        """Hang up for good."""
        self._closed = True
        if self._connection is not None:
            self._connection.close()

    def _ask(self, connection: Connection) -> None:
        if (
            self._connection is not connection or self._closed
        ):  # it was lost meanwhile, and on the next one we ask anyway
            return
        wait = HANG if self._greeted else timedelta()
        connection.send(request(self._head, self.position.poll(wait).SerializeToString()))

    def _answered(self, connection: Connection, answer: Answer) -> None:
        if answer.status in TOO_BUSY:
            self._moments.put_off += 1
            asyncio.get_running_loop().call_later(self._back_off() + ASKED_TO_WAIT, self._ask, connection)
            return
        if answer.status != 200:
            self._moments.problem = f"a poll was answered {answer.status}: {answer.body[:200]!r}"
            return
        self._limit = FIRST_BACK_OFF
        news = conf.GetConfigurationResponse.FromString(answer.body)
        if not self._greeted:
            self._moments.answered.append(answer.at)
        if self.position.revision and news.configurations:
            self._moments.received.append(answer.at)
        self._greeted = True
        self.position = self.position.after(news)
        pause = news.next_poll_after.ToTimedelta().total_seconds()
        asyncio.get_running_loop().call_later(pause, self._ask, connection)

    def _lost(self) -> None:
        self._connection = None
        if not self._closed:
            self._later(self._back_off())

    def _later(self, pause: float) -> None:
        def again() -> None:
            self._connecting = asyncio.create_task(self.connect())  # held, or it could be collected

        asyncio.get_running_loop().call_later(pause, again)

    def _back_off(self) -> float:
        pause = random.uniform(0, self._limit)
        self._limit = min(self._limit * 2, LONGEST_BACK_OFF)
        return pause


class Agents:
    """The crowd. `moments` tells what happened to it."""

    def __init__(self, identities: Sequence[Identity], port: int) -> None:
        self.moments = Moments()
        self._agents = [_Agent(identity, place, port, self.moments) for place, identity in enumerate(identities)]
        self._open = 0

    async def open(self, count: int) -> None:
        """Connect agents until there are `count`; each asks at once."""
        waiting = iter(self._agents[self._open : count])
        self._open = count

        async def connect() -> None:
            for agent in waiting:
                await agent.connect()

        await asyncio.gather(*(connect() for _ in range(OPENING)))

    def revisions(self) -> set[int]:
        """Where they are."""
        return {agent.position.revision for agent in self._agents[: self._open]}

    def close(self) -> None:
        """Everybody hangs up."""
        for agent in self._agents:
            agent.close()


async def until(count: int, moments: Callable[[], list[float]], within: float, what: str) -> None:
    """Return once so many moments are there. Raises CannotMeasure."""
    deadline = time.perf_counter() + within
    while len(moments()) < count:
        if time.perf_counter() > deadline:
            raise CannotMeasure(f"{what}: {len(moments())} of {count} only, within {within:g} s")
        await asyncio.sleep(0.05)
