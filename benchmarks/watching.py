"""Crowds that wait for a change: agents that long-poll our control plane, watchers of a key in etcd.

Both are raw clients on a connection each, in one process; both note when a change was received, and nothing else is
done with it, but that an agent polls again when it was asked to, as one does.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol, TypeVar

from agentrouter.configurator.v1 import configurations_pb2 as conf
from benchmarks.agents import Identity, Position
from benchmarks.empty_server import PATH
from benchmarks.http1 import Answer, Caller, Connection, request, request_head
from benchmarks.http2 import GrpcCall
from benchmarks.peers import Etcd
from benchmarks.plane import Served
from benchmarks.processes import CannotMeasure
from controlplane.transport.http_app import CONFIGURATOR

HANG: Final = timedelta(seconds=30)
ARRIVES_WITHIN: Final = 60.0
TOO_BUSY: Final = {429, 503}
LONGEST_PAUSE: Final = 2.0
PROTO: Final = {"content-type": "application/proto"}
WATCHED: Final = b"watched"

P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(slots=True)
class Change:
    """One change on its way: when it was called for, when its commit was answered, when it reached whom (seconds).

    `cpu_ms` is what the server spent on all of that."""

    called_at: float = 0.0
    committed_at: float = 0.0
    received_at: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0

    def after_commit_ms(self) -> list[float]:
        """From the answer that says it is stored; negative for who heard of it before that answer was here."""
        return [(at - self.committed_at) * 1000 for at in self.received_at]

    def after_call_ms(self) -> list[float]:
        """From the call itself: with what it takes to store it."""
        return [(at - self.called_at) * 1000 for at in self.received_at]


class Crowd(Protocol):
    """Somebody waits, many times."""

    async def change(self) -> Change:
        """Make a change and wait until everybody has it. Raises CannotMeasure."""


class _Reception:
    """Counts who has received the change under way."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._change = Change()
        self._complete = asyncio.Event()

    def begin(self) -> Change:
        self._change, self._complete = Change(), asyncio.Event()
        return self._change

    def received(self, at: float) -> None:
        self._change.received_at.append(at)
        if len(self._change.received_at) >= self._count:
            self._complete.set()

    async def completed(self) -> None:
        try:
            async with asyncio.timeout(ARRIVES_WITHIN):
                await self._complete.wait()
        except TimeoutError:
            raise CannotMeasure(f"a change reached {len(self._change.received_at)} of {self._count} only") from None


class _LongPoller:
    """One agent's polls; the reception is told of each new version."""

    def __init__(self, identity: Identity, reception: _Reception) -> None:
        self._reception = reception
        self._position = Position()
        self._head = request_head("POST", PATH, {**PROTO, "authorization": f"Bearer {identity.token()}"})
        self.connection = Connection(self._answered, lambda: None)
        self.problem = ""

    def start(self) -> None:
        """The first question; from then on it asks by itself."""
        self._ask()

    def _ask(self) -> None:
        wait = HANG if self._position.revision else timedelta()
        with contextlib.suppress(ConnectionError):  # it was hung up meanwhile
            self.connection.send(request(self._head, self._position.poll(wait).SerializeToString()))

    def _answered(self, answer: Answer) -> None:
        if answer.status in TOO_BUSY:  # too many at once, as at the start: asked again later, as an agent does
            asyncio.get_running_loop().call_later(random.uniform(0, LONGEST_PAUSE), self._ask)
            return
        if answer.status != 200:
            self.problem = f"a poll was answered {answer.status}: {answer.body[:200]!r}"
            return
        news = conf.GetConfigurationResponse.FromString(answer.body)
        if self._position.revision and news.configurations:
            self._reception.received(answer.at)
        self._position = self._position.after(news)
        asyncio.get_running_loop().call_later(news.next_poll_after.ToTimedelta().total_seconds(), self._ask)


class LongPollers:
    """Every agent of one workspace."""

    def __init__(self, plane: Served, identities: list[Identity]) -> None:
        self._plane = plane
        self._reception = _Reception(len(identities))
        self._pollers = [_LongPoller(identity, self._reception) for identity in identities]
        self._trigger = Caller(plane.http_port)
        self._metrics = Caller(plane.http_port)
        self._head = request_head(
            "POST", f"{CONFIGURATOR}TriggerUpdate", {**PROTO, "authorization": f"Bearer {plane.home.management_key}"}
        )

    async def open(self) -> LongPollers:
        """Connect everybody and let them hang. Raises CannotMeasure."""
        loop = asyncio.get_running_loop()
        for poller in self._pollers:
            await loop.create_connection(_same(poller.connection), "127.0.0.1", self._plane.http_port)
            poller.start()
        await self._trigger.open()
        await self._metrics.open()
        await self._all_hang()
        return self

    async def change(self) -> Change:
        """TriggerUpdate with force: a new version and an event for each agent."""
        await self._all_hang()
        change = self._reception.begin()
        message = conf.TriggerUpdateRequest(workspace_id=self._plane.home.workspace_id, force=True)
        cpu_before = self._plane.server.cpu_seconds()
        change.called_at = time.perf_counter()
        answer = await self._trigger.call(request(self._head, message.SerializeToString()))
        change.committed_at = answer.at
        if answer.status != 200:
            raise CannotMeasure(f"TriggerUpdate was answered {answer.status}: {answer.body[:200]!r}")
        await self._reception.completed()
        change.cpu_ms = (self._plane.server.cpu_seconds() - cpu_before) * 1000
        return change

    def close(self) -> None:
        """Hang up."""
        for poller in self._pollers:
            poller.connection.close()
        self._trigger.close()
        self._metrics.close()

    async def _all_hang(self) -> None:
        def problem() -> str:
            return next((poller.problem for poller in self._pollers if poller.problem), "")

        await until_hanging(self._metrics, len(self._pollers), problem)


class Watchers:
    """Watches of one key of etcd, each a gRPC stream of its own."""

    def __init__(self, etcd: Etcd, count: int, value_bytes: int) -> None:
        self._server = etcd.server
        self._port = etcd.port
        self._count = count
        self._value_bytes = value_bytes
        self._number = 0
        self._created = _Reception(count)
        self._reception = _Reception(count)
        self._calls: list[GrpcCall] = []

    async def open(self) -> Watchers:
        """Connect everybody and let etcd confirm each watch. Raises CannotMeasure."""
        loop = asyncio.get_running_loop()
        self._created.begin()
        message = protobuf_bytes(1, protobuf_bytes(1, WATCHED))
        for _ in range(self._count):
            call = GrpcCall("/etcdserverpb.Watch/Watch", message, self._notified, lambda: None, open_ended=True)
            await loop.create_connection(_same(call), "127.0.0.1", self._port)
            self._calls.append(call)
        await self._created.completed()
        return self

    async def change(self) -> Change:
        """Put another value of the same size."""
        change = self._reception.begin()
        answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._number += 1
        value = f"change {self._number:08}".encode().ljust(self._value_bytes, b".")
        message = protobuf_bytes(1, WATCHED) + protobuf_bytes(2, value)

        def put(_message: bytes, at: float) -> None:
            answered.set_result(at)

        call = GrpcCall("/etcdserverpb.KV/Put", message, put, lambda: None)
        cpu_before = self._server.cpu_seconds()
        change.called_at = time.perf_counter()
        await asyncio.get_running_loop().create_connection(_same(call), "127.0.0.1", self._port)
        async with asyncio.timeout(ARRIVES_WITHIN):
            change.committed_at = await answered
        await self._reception.completed()
        change.cpu_ms = (self._server.cpu_seconds() - cpu_before) * 1000
        call.close()
        return change

    def close(self) -> None:
        """Hang up."""
        for call in self._calls:
            call.close()

    def _notified(self, message: bytes, at: float) -> None:
        """The first message of a stream confirms the watch; those with the value are news of it."""
        (self._reception if b"change " in message else self._created).received(at)


async def until_hanging(metrics: Caller, count: int, problem: Callable[[], str] = str) -> None:
    """Return once so many polls hang, which means that their agents are at rest. Raises CannotMeasure."""
    deadline = time.perf_counter() + ARRIVES_WITHIN
    while (hanging := await _hanging_polls(metrics)) < count:
        if said := problem():
            raise CannotMeasure(said)
        if time.perf_counter() > deadline:
            raise CannotMeasure(f"only {hanging} of {count} polls hang")
        await asyncio.sleep(0.02 if count == 1 else 0.2)


async def _hanging_polls(metrics: Caller) -> int:
    """As the control plane says. Raises CannotMeasure."""
    answer = await metrics.call(request(request_head("GET", "/metrics", {})))
    for line in answer.body.decode().splitlines():
        if line.startswith("agentrouter_hanging_polls "):
            return int(float(line.split()[1]))
    raise CannotMeasure("the metrics page does not say how many polls hang")


def protobuf_bytes(number: int, value: bytes) -> bytes:
    """A field of bytes, or of a message, on the wire."""
    length, size = b"", len(value)
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + value


def _same(protocol: P) -> Callable[[], P]:
    return lambda: protocol
