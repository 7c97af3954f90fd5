"""The master key as an operator changes it: the new one beside the old, the rotation, the old one taken away."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

from agentrouter.management.v1 import documents_pb2
from controlplane.security.keyring import parse_master_key
from controlplane.store import migrate
from tests.contract.wires.clients import open_api
from tests.contract.wires.documents import document
from tests.fakes.postgres import running_postgres
from tests.integration.controlplane.processes import (
    WITHIN_SECONDS,
    Made,
    Process,
    bootstrapped,
    command,
    environment,
    serving,
)

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


def rotate(home: Path, process: Process, key: str) -> subprocess.CompletedProcess[str]:
    """`agentrouter keys rotate`, as a process."""
    return subprocess.run(
        [sys.executable, "-m", "agentrouter_cli.main", "keys", "rotate", "--output", "json"],
        env=environment(home, url=process.url, key=key),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def logs_of(home: Path) -> str:
    """Everything that any process said."""
    return "".join(log.read_text() for log in home.glob("log-*"))


async def changed(process: Process, made: Made) -> bool:
    """Whether putting the same credential again made anything new: the control plane must recognise it."""
    api = open_api("connect", process.grpc, process.url)
    request = documents_pb2.PutDocumentRequest(
        workspace_id=made.workspace_id, content=document(api_key="sk-canary-of-rotation")
    )
    try:
        return bool((await api(request, made.management_key)).changed)
    finally:
        await api.close()


async def test_a_master_key_is_changed_without_losing_or_renewing_anything(tmp_path: Path) -> None:
    former = tmp_path / "former.keys"
    former.write_text(f"{OLD}\n")
    former.chmod(0o600)
    made = bootstrapped(tmp_path, master_key=OLD)
    with serving(tmp_path, master_key=OLD) as process:
        assert await changed(process, made)

    with serving(tmp_path, master_key=NEW, master_keys_old_file=str(former)) as process:
        assert not await changed(process, made)
        done = rotate(tmp_path, process, made.management_key)
        assert done.returncode == 0, done.stderr
        assert not await changed(process, made)

    told = json.loads(done.stdout)
    assert told["done"]
    assert told["wrapped_count"] == told["total_count"] == 3
    assert told["fingerprint"] == parse_master_key(NEW).fingerprint
    with serving(tmp_path, master_key=NEW) as process:
        assert not await changed(process, made)
    assert not any(secret in logs_of(tmp_path) for secret in (OLD, NEW, "sk-canary-of-rotation"))


async def test_the_former_key_alone_does_not_start_and_both_are_named_by_fingerprint(tmp_path: Path) -> None:
    made = bootstrapped(tmp_path, master_key=OLD)
    with serving(tmp_path, master_key=NEW, master_keys_old=OLD) as process:
        assert rotate(tmp_path, process, made.management_key).returncode == 0

    refused = command(tmp_path, "serve", master_key=OLD, grpc_address="127.0.0.1:0", http_address="127.0.0.1:0")

    assert refused.returncode != 0
    assert parse_master_key(NEW).fingerprint in refused.stderr
    assert parse_master_key(OLD).fingerprint in refused.stderr
    assert not any(secret in refused.stderr for secret in (OLD, NEW))


async def test_a_wrong_key_found_out_once_the_database_is_back_ends_the_process_and_is_named(tmp_path: Path) -> None:
    with running_postgres() as server:
        url = server.url(server.create_database())
        migrate(url)
        bootstrapped(tmp_path, database_url=url, master_key=OLD)
        server.stop()
        with serving(tmp_path, database_url=url, master_key=NEW) as process:
            assert process.popen.poll() is None

            server.start()

            assert process.popen.wait(WITHIN_SECONDS) != 0
        said = process.log.read_text()

    assert parse_master_key(NEW).fingerprint in said.splitlines()[-1]
    assert not any(secret in said for secret in (OLD, NEW))
