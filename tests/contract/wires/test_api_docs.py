"""The curl and buf curl lines of docs/API.md work as they are written."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import operations_pb2 as operations
from tests.contract.wires.clients import open_api
from tests.contract.wires.people import Tenant, new_tenant
from tests.contract.wires.running import running
from tests.contract.wires.test_upgrades import completed
from tests.fakes.stores import sqlite_url
from tools.api_calls import Example
from tools.api_examples import EXAMPLES
from tools.write_api_docs import PAGE

NOT_YET = "is not in this release"


def written() -> dict[str, tuple[str, str]]:
    """The curl and the buf curl line of every RPC, read off the page."""
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return {name: (_line(text, r"(?:printf .*)?curl"), _line(text, "buf curl")) for name, text in sections}


def _line(text: str, program: str) -> str:
    (line,) = re.findall(rf"^    ({program} .*)$", text, re.MULTILINE)
    return str(line)


class Shell:
    """Runs lines in one environment, into which answers put what later lines use."""

    def __init__(self, **variables: str) -> None:
        binaries = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.variables = {"PATH": binaries, "HOME": os.environ.get("HOME", "/"), **variables}

    async def run(self, line: str) -> str:
        """What it prints; an exit code is an answer like any other, what it says on stderr too."""
        process = await asyncio.create_subprocess_shell(
            line, env=self.variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        return said.decode(errors="replace")

    def keep(self, example: Example, said: str) -> None:
        """Put parts of the answer into variables."""
        for name, way in example.keeps.items():
            value: Any = json.loads(said)
            for step in way.split("."):
                value = value[int(step)] if step.isdigit() else value.get(step, "")
            if value or name not in self.variables:
                self.variables[name] = str(value)


def refused(example: Example, said: str) -> bool:
    """Whether it is no answer; what streams has frames or several objects."""
    if example.streams:
        return '"done": true' not in said and '"done":true' not in said
    try:
        return "code" in json.loads(said)
    except ValueError:
        return True


async def dead_event(tenant: Tenant) -> str:
    """An event that was given up after five attempts; its id."""
    agent = await tenant.enrol()
    while True:
        await tenant.noticed()
        for event in await agent.pending():
            failed = await agent.fail(await agent.acknowledge(event.id), retryable=True)
            if failed.status == events.EVENT_STATUS_DEAD_LETTER:
                return str(event.id)
        tenant.running.clock.skip(timedelta(minutes=1))
        await tenant.upkeep()


@asynccontextmanager
async def shell(tmp_path: Path) -> AsyncIterator[tuple[Shell, Tenant]]:
    """A control plane with what the page takes for granted, named as the page names it."""
    async with running(sqlite_url(tmp_path / "docs.db"), tmp_path) as plane:
        api = open_api("connect", plane.grpc, plane.url)
        tenant = await new_tenant(api, plane)
        await tenant.put()
        upgraded, agent = await tenant.settled_agent(), await tenant.enrol()
        await completed(tenant, upgraded)
        old = await tenant.call(operations.RotateGatekeeperKeyRequest())
        keys = Ed25519PrivateKey.generate().public_key(), X25519PrivateKey.generate().public_key()
        signing, sealing = (base64.b64encode(key.public_bytes_raw()).decode() for key in keys)
        person = Shell(
            URL=plane.url,
            GRPC=plane.grpc,
            AK=tenant.admin,
            DATAPLANE=agent.id,
            DATAPLANE_TOKEN=agent.token,
            UPGRADED_DATAPLANE=upgraded.id,
            OLD_KID=old.kid,
            ED25519_PUBLIC_KEY=signing,
            X25519_PUBLIC_KEY=sealing,
        )
        yield person, tenant
        await api.close()


async def test_the_curl_and_buf_curl_lines_work_as_written(tmp_path: Path) -> None:
    lines = written()
    failed = {}
    async with shell(tmp_path) as (person, tenant):
        for example in EXAMPLES:
            if example.method == "ReplayEvent":  # just before: whatever is announced later takes its place
                person.variables["DEAD_EVENT"] = await dead_event(tenant)
            by_curl, by_buf = lines[example.method]
            said = await person.run(by_curl)
            if NOT_YET in said:
                continue
            if not example.streams:
                person.keep(example, said)
            again = await person.run(by_buf)
            for program, answer in (("curl", said), ("buf", again)):
                if refused(example, answer):
                    failed[f"{example.method} by {program}"] = answer

    assert failed == {}
