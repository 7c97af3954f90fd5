"""The process: how it starts, refuses to start, drains, and what is left when it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.management.v1 import documents_pb2
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import tenants_pb2 as tenants
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from tests.contract.wires.clients import open_api
from tests.contract.wires.documents import document
from tests.contract.wires.refusals import Refused
from tests.integration.controlplane.processes import ROOT, SERVE, Process, bootstrapped, command, serving

ANY_PORTS = {"http_address": "127.0.0.1:0", "grpc_address": "127.0.0.1:0"}
DOOMED = (str(Path(__file__).with_name("dies_before_answering.py")),)


async def call(process: Process, request: Any, bearer: str, wire: str = "connect") -> Any:
    """One call over a connection of its own."""
    api = open_api(wire, process.grpc, process.url)
    try:
        return await api(request, bearer)
    finally:
        await api.close()


def put(workspace_id: str, alias: str = "fast") -> Any:
    """PutDocument."""
    return documents_pb2.PutDocumentRequest(workspace_id=workspace_id, content=document(alias=alias))


def hanging(revision: int) -> configurations.GetConfigurationRequest:
    """A poll with nothing newer."""
    request = configurations.GetConfigurationRequest(since_revision=revision)
    request.wait.FromTimedelta(timedelta(seconds=30))
    return request


async def hang(process: Process, bearer: str) -> list[asyncio.Task[Any]]:
    """Polls that hang on each wire, seen by the server."""
    revision = (await call(process, configurations.GetConfigurationRequest(), bearer)).revision
    polls = [
        asyncio.create_task(call(process, hanging(revision), bearer, wire)) for wire in ("grpc", "connect", "json")
    ]
    await hanging_polls(process, 3)
    return polls


async def hanging_polls(process: Process, count: int) -> None:
    """Return once the server sees so many."""
    async with asyncio.timeout(60):
        while f"agentrouter_hanging_polls {count}.0" not in await asyncio.to_thread(_metrics, process):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _metrics(process: Process) -> str:
    done = subprocess.run(["curl", "-s", f"{process.url}/metrics"], capture_output=True, text=True, check=True)
    return done.stdout


async def test_it_makes_the_first_workspace_and_a_key_when_it_is_asked_to_and_says_so_once_it_serves(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, (*SERVE, "--bootstrap-key", "first")) as process:
        said = json.loads(said_after_ready(process))

        stored = await call(process, put(said["workspace_id"]), said["management_key"])

        assert stored.document.version == 1


def said_after_ready(process: Process) -> str:
    """The line of standard output, which `serving` puts into the log."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        if found := re.search(r"^\{.*\}$", process.log.read_text(), re.MULTILINE):
            return found[0]
        time.sleep(0.02)
    raise AssertionError(process.log.read_text())


async def test_a_tenant_that_lost_its_last_admin_key_gets_another_one_which_is_no_platform_key(tmp_path: Path) -> None:
    made = bootstrapped(tmp_path)
    with serving(tmp_path) as process:
        lost = await call(process, tenants.CreateTenantRequest(name="acme"), made.management_key)
        (key,) = (await call(process, management_keys.ListManagementKeysRequest(), lost.management_key)).keys
        await call(process, management_keys.RevokeManagementKeyRequest(key_id=key.id), lost.management_key)

    done = command(tmp_path, "bootstrap", "--tenant", "acme", "--key-name", "again", "--output", "json")

    regained = json.loads(done.stdout)["management_key"]
    with serving(tmp_path) as process:
        seen = await call(process, workspaces.ListWorkspacesRequest(), regained)
        assert [each.id for each in seen.workspaces] == [lost.workspace_id]
        with pytest.raises(Refused) as refused:
            await call(process, tenants.CreateTenantRequest(name="more"), regained)
        assert refused.value.reason == "PLATFORM_KEY_NEEDED"
    unknown = command(tmp_path, "bootstrap", "--tenant", "nobody")
    assert (unknown.returncode, "no tenant is named 'nobody'" in unknown.stderr) == (1, True)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--lifetime", "0"), ("--lifetime", "-5"), ("--lifetime", "9" * 15), ("--output", "xml"), ("--key-name", "")],
)
def test_a_first_key_that_is_not_meant_so_is_not_made(tmp_path: Path, option: str, value: str) -> None:
    done = command(tmp_path, "bootstrap", option, value)

    assert (done.returncode, done.stdout) == (2, "")
    assert option in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "agentrouter.db").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_answers_hanging_polls_when_it_is_told_to_end_and_exits_well(
    tmp_path: Path, number: signal.Signals
) -> None:
    made = bootstrapped(tmp_path)
    with serving(tmp_path) as process:
        polls = await hang(process, made.management_key)

        code = await asyncio.to_thread(process.end, number)

        answers = await asyncio.gather(*polls)
        assert code == 0
        assert all(not answer.configurations for answer in answers)
        assert all(answer.next_poll_after.ToTimedelta() >= timedelta(seconds=1) for answer in answers)
        assert "Traceback" not in process.log.read_text()


async def test_a_poll_ends_when_its_caller_hangs_up(tmp_path: Path) -> None:
    made = bootstrapped(tmp_path)
    with serving(tmp_path) as process:
        polls = await hang(process, made.management_key)

        for poll in polls:
            poll.cancel()
        await asyncio.gather(*polls, return_exceptions=True)

        await hanging_polls(process, 0)
        assert "Traceback" not in process.log.read_text()


@pytest.mark.parametrize("wire", ["grpc", "connect"])
async def test_killed_between_commit_and_reply_the_same_request_gets_the_answer_it_should_have_got(
    tmp_path: Path, wire: str
) -> None:
    made = bootstrapped(tmp_path)
    request = configurations.TriggerUpdateRequest(workspace_id=made.workspace_id, force=True, request_id="r-1")
    with serving(tmp_path, DOOMED) as process:
        await call(process, put(made.workspace_id), made.management_key)
        with pytest.raises(Refused):
            await call(process, request, made.management_key, wire)
        assert await asyncio.to_thread(process.popen.wait, 30) == -signal.SIGKILL
    with contextlib.closing(sqlite3.connect(tmp_path / "agentrouter.db")) as left:
        assert left.execute("SELECT max(version) FROM configurations").fetchone() == (2,)

    with serving(tmp_path) as process:
        answer = await call(process, request, made.management_key, wire)
        again = await call(process, request, made.management_key, wire)
        listed = await call(process, configurations.ListConfigurationsRequest(history=True), made.management_key)

    assert answer == again
    assert (answer.changed, answer.configuration.version) == (True, 2)
    assert [each.version for each in listed.configurations] == [2, 1]


async def test_everything_is_still_there_after_it_was_killed(tmp_path: Path) -> None:
    made = bootstrapped(tmp_path)
    with serving(tmp_path) as process:
        first = await call(process, put(made.workspace_id), made.management_key)
        process.end(signal.SIGKILL)

    with serving(tmp_path) as process:
        news = await call(process, configurations.GetConfigurationRequest(), made.management_key)
        second = await call(process, put(made.workspace_id, "other"), made.management_key)

    assert news.configurations[0].digest == first.configuration.digest
    assert second.configuration.version == 2
    assert second.configuration.revision > first.configuration.revision


def _refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return line


def test_a_wrong_master_key_is_refused_by_its_fingerprint_before_anything_is_served(tmp_path: Path) -> None:
    bootstrapped(tmp_path, master_key="00" * 32)

    said = _refused(command(tmp_path, "serve", **ANY_PORTS, master_key="11" * 32))

    assert "sealed under master key" in said
    assert "11" * 32 not in said


def test_a_master_key_open_to_others_is_refused(tmp_path: Path) -> None:
    bootstrapped(tmp_path)
    (tmp_path / "master.key").chmod(0o644)

    assert "chmod 600" in _refused(command(tmp_path, "serve", **ANY_PORTS))


def test_a_second_process_on_one_sqlite_file_is_refused(tmp_path: Path) -> None:
    bootstrapped(tmp_path)
    with serving(tmp_path):
        said = _refused(command(tmp_path, "serve", **ANY_PORTS))

    assert "in use" in said or "another process" in said


@pytest.mark.parametrize("name", ["http_address", "grpc_address"])
def test_a_port_that_is_taken_is_named_and_no_key_is_left_behind(tmp_path: Path, name: str) -> None:
    bootstrapped(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ports = {**ANY_PORTS, name: address}

        assert address in _refused(command(tmp_path, "serve", "--bootstrap-key", "first", **ports))

    assert _keys(tmp_path) == ["bootstrap"]


def _keys(home: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(home / "agentrouter.db")) as database:
        return [name for (name,) in database.execute("SELECT name FROM management_keys ORDER BY id")]


async def test_buf_curl_calls_it_by_reflection_alone(tmp_path: Path) -> None:
    made = bootstrapped(tmp_path)
    with serving(tmp_path) as process:
        await call(process, put(made.workspace_id), made.management_key)
        done = await asyncio.to_thread(
            subprocess.run,
            [
                str(Path(sys.executable).with_name("buf")),
                *("curl", "--protocol", "grpc", "--http2-prior-knowledge"),
                *("-H", f"Authorization: Bearer {made.management_key}", "-d", '{"force": true}'),
                f"http://{process.grpc}/agentrouter.configurator.v1.ConfiguratorService/TriggerUpdate",
            ],
            capture_output=True,
            text=True,
            cwd=ROOT,
        )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["configuration"]["version"] == "2"
