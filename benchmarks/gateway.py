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
from benchmarks.watching import PROTO, Change, until_hanging

SERVES_WITHIN: Final = 60.0


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where a data plane of the workspace serves; the name under which models go upstream tells versions apart."""

    plane: Served
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
    """The first version, a consumer's key, and the provider, on the core of the load; an agent is yet to serve it."""
    port, upstream_port = free_ports(2)
    provider = python_module("agentrouter_cli.demo_provider", "--port", str(upstream_port))
    with running(provider, core=cores.load, log=folder / "provider.log") as upstream:
        wait_for_port(upstream_port, upstream)
        put_workspace_document(plane, workspace_document(upstream_port, marker(0), port))
        yield Gateway(plane, port, upstream_port, _consumer_key(plane))


@contextlib.contextmanager
def agent(plane: Served, folder: Path, cores: Cores, *, enrolled: bool = False) -> Iterator[Running]:
    """The agent whose state is in that folder, and its Envoy, on the servers' core."""
    place = [f"--control-plane=http://127.0.0.1:{plane.http_port}", f"--state={folder / 'agent'}"]
    environment = {"AGENTROUTER_ALLOW_LOOPBACK_UPSTREAMS": "true"}
    if not enrolled:
        environment["AGENTROUTER_JOIN_TOKEN"] = join_token(plane, 1)
    command = python_module("liaison_agent", *place)
    with running(command, core=cores.server, log=folder / "agent.log", environment=environment) as started:
        yield started


async def first_answer(port: int, consumer_key: str, model: str, expected: bytes = b"") -> Answer:
    """Ask the gateway on that port until it answers well, with `expected` in it. Raises CannotMeasure with the last
    answer when it never does."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {consumer_key}"}
    chat = request(request_head("POST", "/v1/chat/completions", headers), chat_body(model))
    deadline, caller = time.perf_counter() + SERVES_WITHIN, None
    while True:
        try:
            caller = caller or await Caller(port).open()
            answer = await caller.call(chat)
        except OSError:  # not there yet, or it closed the connection
            caller, answer = None, Answer(0, b"nobody answers", time.perf_counter())
        if answer.status == 200 and expected in answer.body:
            if caller is not None:
                caller.close()
            return answer
        if time.perf_counter() > deadline:
            raise CannotMeasure(f"the gateway does not serve: {answer.status} {answer.body[:200]!r}")
        if answer.status != 200:
            await asyncio.sleep(0.01)


def chat_body(model: str) -> bytes:
    """A small chat completion."""
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]}).encode()


class Prober:
    """Asks the gateway again and again, and knows of each answer which version gave it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        plane = gateway.plane
        path = "/agentrouter.management.v1.DocumentService/PutDocument"
        self._put = request_head("POST", path, {**PROTO, "authorization": f"Bearer {plane.home.management_key}"})
        self._operator = Caller(plane.http_port)
        self._metrics = Caller(plane.http_port)

    async def open(self) -> Prober:
        """Wait until the first version is served and concluded. Raises CannotMeasure."""
        await self._operator.open()
        await self._metrics.open()
        await self._served(0)
        await until_hanging(self._metrics, 1)
        return self

    async def change(self, version: int) -> Change:
        """Put that version and wait for its first answer. Raises CannotMeasure."""
        await until_hanging(self._metrics, 1)
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
        self._operator.close()
        self._metrics.close()

    async def _served(self, version: int) -> Answer:
        gateway = self._gateway
        return await first_answer(gateway.port, gateway.consumer_key, "model-0", marker(version).encode())


def _consumer_key(plane: Served) -> str:
    issue = consumer_keys_pb2.IssueConsumerKeyRequest(workspace_id=plane.home.workspace_id, consumer_id="benchmark")
    secret: str = plane.api.call(plane.api.consumer_keys.issue_consumer_key, issue).secret
    return secret
