"""The life of a run: found again by the next one, stopped cleanly, killed without leaving anything but a gateway."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentrouter_cli.run_file import is_alive
from agentrouter_cli.running.ports import is_free
from tests.e2e.whole_product import AGENTROUTER, WholeProduct, http, running

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def product(tmp_path: Path) -> Iterator[WholeProduct]:
    with running(tmp_path / "home") as started:
        yield started


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeProduct]:
    """One that no test ends."""
    with running(tmp_path_factory.mktemp("untouched") / "home") as started:
        yield started


def test_ctrl_c_stops_everything_and_the_next_run_finds_it_again(product: WholeProduct) -> None:
    first = product.run_file
    changed = product.document()
    changed["providers"]["models"][1]["provider_model_id"] = "of-the-operator"
    product.apply(changed)
    mode = stat.S_IMODE((product.home / "run.json").stat().st_mode)

    code = product.stop()

    assert (code, mode) == (0, 0o600)
    assert not (product.home / "run.json").exists()
    assert [is_alive(pid) for pid in first["pids"].values()] == [False] * 3
    assert all(is_free(port) for port in product.ports)
    product.start()
    second = product.run_file
    kept = ("http", "grpc", "gateway", "workspace_id", "dataplane_id", "consumer_key")
    assert {name: second[name] for name in kept} == {name: first[name] for name in kept}
    assert product.document() == changed
    assert "'of-the-operator'" in product.chat("demo-beta", key=first["consumer_key"]).content
    assert _with_key(product, first["management_key"]) == 4
    assert _with_key(product, second["management_key"]) == 0


def test_a_killed_run_takes_its_children_along_and_leaves_a_gateway_that_the_next_run_adopts(
    product: WholeProduct,
) -> None:
    first = product.run_file
    product.process.kill()
    product.process.wait()

    product.wait_until(lambda: not any(is_alive(first["pids"][name]) for name in ("controlplane", "agent")), "they die")
    alone = product.cli("get", "users", expect=3)
    gateway = http("GET", f"{first['gateway']}/v1/models", headers={"Authorization": f"Bearer {first['consumer_key']}"})
    product.start()

    assert "agentrouter run" in alone.stderr
    assert gateway.status == 200
    assert product.pid("envoy") == first["pids"]["envoy"]
    assert product.chat().status == 200
    assert _with_key(product, first["management_key"]) == 4
    assert product.stop(signal.SIGTERM) == 0
    assert not is_alive(first["pids"]["envoy"])


def test_a_second_run_in_the_same_home_is_refused_and_the_first_lives_on(untouched: WholeProduct) -> None:
    refused = untouched.cli("run", expect=2)

    assert f"pid {untouched.process.pid}" in refused.stderr
    assert untouched.chat().status == 200


def test_a_port_in_use_is_named_before_anything_starts(
    untouched: WholeProduct, tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> None:
    grpc, gateway = free_ports(2)
    options = ["--http-port", str(untouched.ports[1]), "--grpc-port", str(grpc), "--gateway-port", str(gateway)]

    refused = untouched.cli("run", "--home", str(tmp_path / "other"), *options, expect=2)

    assert f"{untouched.ports[1]} (--http-port)" in refused.stderr
    assert not (tmp_path / "other" / "agentrouter.db").exists()


def test_a_real_provider_is_served_when_its_key_is_set(tmp_path: Path, free_port: int) -> None:
    """The demo provider plays OpenAI, and demands the key."""
    command = [sys.executable, "-m", "agentrouter_cli.demo_provider", "--port", str(free_port), "--name", "openai"]
    provider = subprocess.Popen(
        [*command, "--models", "gpt-4o-mini"], env={**os.environ, "DEMO_PROVIDER_API_KEY": "sk-openai-secret"}
    )
    openai = {"OPENAI_API_KEY": "sk-openai-secret", "OPENAI_BASE_URL": f"http://127.0.0.1:{free_port}/v1"}
    try:
        with running(tmp_path / "real", **openai) as real:
            answers = [real.chat(model) for model in ("gpt-4o-mini", "demo")]
            stored = json.dumps(real.document())
            database = b"".join(path.read_bytes() for path in real.home.glob("agentrouter.db*"))
            logs = b"".join(path.read_bytes() for path in real.home.glob("**/*.log"))
    finally:
        provider.terminate()
        provider.wait(timeout=30)

    assert [answer.status for answer in answers] == [200, 200]
    assert all("'openai'" in answer.content for answer in answers)
    assert "secret://" in stored
    assert b"sk-openai-secret" not in database + logs + stored.encode() + real.output.read_bytes()


def _with_key(product: WholeProduct, key: str) -> int:
    """The exit code of a command that uses this management key."""
    environment = {**product.environment, "AGENTROUTER_URL": product.run_file["http"], "AGENTROUTER_KEY": key}
    done = subprocess.run([*AGENTROUTER, "get", "users"], env=environment, capture_output=True, timeout=60, check=False)
    return done.returncode
