"""Drives the product as a person does: `agentrouter run` in a process of its own, commands beside it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from agentrouter_cli.main import app
from agentrouter_cli.run_file import is_alive
from agentrouter_cli.running.ports import HTTP_PORT
from agentrouter_cli.running.product import DEMO_PORT
from tests.ports import free_port

AGENTROUTER = [sys.executable, "-m", "agentrouter_cli.main"]
DEMO_BESIDE_HTTP = DEMO_PORT - HTTP_PORT
LIAISON_AGENT = [sys.executable, "-m", "liaison_agent"]
PATIENCE = 120.0
_OPERATORS_OWN = ("AGENTROUTER_", "OPENAI_", "DEMO_PROVIDER_")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; status 0 when nobody answered."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.text)

    @property
    def content(self) -> str:
        """The text of a chat completion."""
        return str(self.json["choices"][0]["message"]["content"])


class WholeProduct:
    """One home and, once started, one run in it, on `ports` of its own: gRPC, HTTP, gateway."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.ports = [free_port(), free_port(DEMO_BESIDE_HTTP), free_port()]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(_OPERATORS_OWN)}
        self.environment = {**clean, "AGENTROUTER_HOME": str(home), **environment}
        self.output = home.with_name(f"{home.name}.out")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The run."""
        assert self._process is not None
        return self._process

    @property
    def said(self) -> str:
        """What it printed."""
        return self.output.read_text()

    @property
    def run_file(self) -> dict[str, Any]:
        """`run.json`."""
        content: dict[str, Any] = json.loads((self.home / "run.json").read_text())
        return content

    def pid(self, name: str) -> int:
        """That of controlplane, agent or envoy as run.json says it."""
        return int(self.run_file["pids"][name])

    def start(self) -> None:
        """Start a run and wait until it says ready."""
        grpc, http, gateway = map(str, self.ports)
        options = ["--grpc-port", grpc, "--http-port", http, "--gateway-port", gateway]
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [*AGENTROUTER, "run", *options], env=self.environment, stdout=output, stderr=output
            )
        self.wait_until(lambda: "ready." in self.said or self.process.poll() is not None, "it is ready")
        assert self.process.poll() is None, self.said

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop the run; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)

    def kill_everything(self) -> None:
        """Whatever is left of it."""
        envoys = [json.loads(path.read_text()).get("envoy_pid") or 0 for path in self.home.glob("agent*/agent.json")]
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pid in envoys:
            if is_alive(pid) and b"envoy" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)

    def cli(
        self, *arguments: str, expect: int | None = 0, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Call `agentrouter …`."""
        done = subprocess.run(
            [*AGENTROUTER, *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert expect is None or done.returncode == expect, (
            f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def here(self, *arguments: str, stdin: str | None = None) -> str:
        """What `agentrouter …` says, called in this process: what is asked again and again has no start to pay."""
        away = {name: None for name in os.environ if name not in self.environment}
        done = CliRunner().invoke(app, list(arguments), env={**self.environment, **away}, input=stdin)
        assert done.exit_code == 0, f"{arguments}: {done.exit_code}\n{done.output}{done.exception!r}"
        return done.stdout

    def data(self, *arguments: str) -> Any:
        """What `agentrouter … --output json` says."""
        return json.loads(self.here(*arguments, "--output", "json"))

    def document(self) -> dict[str, Any]:
        """The workspace's source document."""
        content: dict[str, Any] = self.data("get", "document")
        return content

    def apply(self, document: Mapping[str, Any], expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        """`agentrouter apply -f -`."""
        return self.cli("apply", "-f", "-", expect=expect, stdin=json.dumps(document))

    def versions(self) -> dict[str, Any]:
        """What the only data plane made of the workspace's configuration."""
        configurations = self.data("get", "configurations", "--user", "")["configurations"]
        return {**configurations[0], **configurations[0]["dataplanes"][0]}

    def chat(self, model: str = "demo", *, key: str | None = None, gateway: str = "", **more: Any) -> Answer:
        """One chat completion; an empty key sends none."""
        run = self.run_file
        bearer = run["consumer_key"] if key is None else key
        body = {"model": model, "messages": [{"role": "user", "content": "good morning"}], **more}
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        return http("POST", f"{gateway or run['gateway']}/v1/chat/completions", body, headers)

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Ask until it holds; fails with what the run said when it never does."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, KeyError):
                if condition():
                    return
            time.sleep(0.05)
        raise AssertionError(f"waited {PATIENCE:.0f} s until {what}\n{self.said}")


@contextlib.contextmanager
def running(home: Path, **environment: str) -> Iterator[WholeProduct]:
    """A started product that is gone when the block ends."""
    product = WholeProduct(home, **environment)
    try:
        product.start()
        yield product
    finally:
        product.kill_everything()


def http(method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One HTTP request; an error status is an answer like any other."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=dict(headers or {}))  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return Answer(answer.status, answer.read().decode(), dict(answer.headers))
    except urllib.error.HTTPError as problem:
        with problem:
            return Answer(problem.code, problem.read().decode(), dict(problem.headers))
    except OSError:
        return Answer(0, "", {})
