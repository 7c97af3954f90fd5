"""A real data plane to measure: a liaison agent with its Envoy, and the demo provider behind it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agentrouter.management.v1 import consumer_keys_pb2, documents_pb2
from benchmarks.agents import join_token, put_workspace_document
from benchmarks.documents import workspace_document
from benchmarks.http1 import Answer, Caller, request, request_head
from benchmarks.plane import Served
from benchmarks.processes import CannotMeasure, Cores, Running, free_ports, python_module, running, wait_for_port
from benchmarks.watching import PROTO, Change, hanging_polls

SERVES_WITHIN: Final = 60.0
CHAT: Final = json.dumps({"model": "model-0", "messages": [{"role": "user", "content": "hello"}]}).encode()


@dataclass(frozen=True, slots=True)
class Gateway:
    """One data plane of the plane's workspace. The name under which models go upstream tells versions apart."""

    plane: Served
    agent: Running
    port: int
    upstream_port: int
    consumer_key: str = field(repr=False)

    def document(self, version: int) -> str:
        """The workspace's document in that version."""
        return workspace_document(self.upstream_port, marker(version), self.port)


def marker(version: int) -> str:
    """What an answer of that version contains: the demo provider repeats the model it was asked for."""
    return f"upstream-{version:06}"


@contextlib.contextmanager
def gateway(plane: Served, folder: Path, cores: Cores) -> Iterator[Gateway]:
    """Agent and Envoy on the servers' core, the provider on the other; nothing may be served yet."""
    port, upstream_port = free_ports(2)
    provider = python_module("agentrouter_cli.demo_provider", "--port", str(upstream_port))
    place = [f"--control-plane=http://127.0.0.1:{plane.http_port}", f"--state={folder / 'agent'}"]
    agent = python_module("liaison_agent", *place)
    token = {"AGENTROUTER_JOIN_TOKEN": join_token(plane, 1)}
    with running(provider, core=cores.load, log=folder / "provider.log") as upstream:
        wait_for_port(upstream_port, upstream)
        put_workspace_document(plane, workspace_document(upstream_port, marker(0), port))
        with running(agent, core=cores.server, log=folder / "agent.log", environment=token) as started:
            yield Gateway(plane, started, port, upstream_port, _consumer_key(plane))


class Prober:
    """Asks the gateway again and again, and knows of each answer which version gave it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        headers = {"content-type": "application/json", "authorization": f"Bearer {gateway.consumer_key}"}
        self._chat = request(request_head("POST", "/v1/chat/completions", headers), CHAT)
        self._caller: Caller | None = None
        plane = gateway.plane
        path = "/agentrouter.management.v1.DocumentService/PutDocument"
        self._put = request_head("POST", path, {**PROTO, "authorization": f"Bearer {plane.home.management_key}"})
        self._operator = Caller(plane.http_port)
        self._metrics = Caller(plane.http_port)

    async def open(self) -> Prober:
        """Wait until the first version is served. Raises CannotMeasure."""
        await self._operator.open()
        await self._metrics.open()
        await self._served(0)
        return self

    async def change(self, version: int) -> Change:
        """Put that version and wait for its first answer. Raises CannotMeasure."""
        await self._agent_hangs()
        message = documents_pb2.PutDocumentRequest(
            workspace_id=self._gateway.plane.home.workspace_id, content=self._gateway.document(version)
        )
        called_at = time.perf_counter()
        stored = await self._operator.call(request(self._put, message.SerializeToString()))
        if stored.status != 200:
            raise CannotMeasure(f"PutDocument was answered {stored.status}: {stored.body[:200]!r}")
        served = await self._served(version)
        return Change(called_at, stored.at, [served.at])

    def close(self) -> None:
        """Hang up."""
        for caller in (self._caller, self._operator, self._metrics):
            if caller is not None:
                caller.close()

    async def _served(self, version: int) -> Answer:
        expected, deadline = marker(version).encode(), time.perf_counter() + SERVES_WITHIN
        while True:
            answer = await self._ask()
            if answer.status == 200 and expected in answer.body:
                return answer
            if time.perf_counter() > deadline:
                said = self._gateway.agent.log.read_text(errors="replace")[-2000:]
                raise CannotMeasure(f"version {version} is not served: {answer.status} {answer.body[:200]!r}\n{said}")

    async def _ask(self) -> Answer:
        """One request; a gateway that is not there yet, or closed the connection, is asked again a little later."""
        try:
            if self._caller is None:
                self._caller = await Caller(self._gateway.port).open()
            return await self._caller.call(self._chat)
        except OSError:
            self._caller = None
            await asyncio.sleep(0.02)
            return Answer(0, b"nobody answers", time.perf_counter())

    async def _agent_hangs(self) -> None:
        deadline = time.perf_counter() + SERVES_WITHIN
        while await hanging_polls(self._metrics) < 1:
            if time.perf_counter() > deadline:
                raise CannotMeasure("the agent does not come to rest")
            await asyncio.sleep(0.02)


def _consumer_key(plane: Served) -> str:
    issue = consumer_keys_pb2.IssueConsumerKeyRequest(workspace_id=plane.home.workspace_id, consumer_id="benchmark")
    secret: str = plane.api.call(plane.api.consumer_keys.issue_consumer_key, issue).secret
    return secret
