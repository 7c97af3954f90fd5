"""The control plane as an operator runs it: a process with a home, its ports told by its own log."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
READY = re.compile(r"ready: gRPC on (\S+), HTTP on (https?://\S+)\s")
WITHIN_SECONDS = 60.0
SERVE = ("-m", "controlplane", "serve")


@dataclass(slots=True)
class Process:
    """A running control plane. `log` is its standard error."""

    popen: subprocess.Popen[bytes]
    log: Path
    grpc: str = ""
    url: str = ""

    def wait_until_ready(self) -> None:
        """Raise with the log when it ends first."""
        give_up_at = time.monotonic() + WITHIN_SECONDS
        while time.monotonic() < give_up_at:
            found = READY.search(self.log.read_text())
            if found:
                self.grpc, self.url = found.groups()
                return
            if self.popen.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"the control plane did not get ready:\n{self.log.read_text()}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; the exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        return self.popen.wait(WITHIN_SECONDS)


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Nothing of the tests' own settings, and the sources under test first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENTROUTER_")}
    path = os.pathsep.join(map(str, (ROOT, ROOT / "gen")))
    given = {f"AGENTROUTER_{name.upper()}": value for name, value in settings.items()}
    return {**kept, "PYTHONPATH": path, "AGENTROUTER_HOME": str(home), **given}


@contextmanager
def serving(home: Path, arguments: tuple[str, ...] = SERVE, **settings: str) -> Iterator[Process]:
    """Serve on ports that the operating system chooses, until the block ends."""
    ports = {"grpc_address": "127.0.0.1:0", "http_address": "127.0.0.1:0", **settings}
    log = home / f"log-{time.monotonic_ns()}"
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, *arguments], env=environment(home, **ports), stderr=output, stdout=output
        )
    process = Process(popen, log)
    try:
        process.wait_until_ready()
        yield process
    finally:
        process.end(signal.SIGKILL)


def command(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """One command of the control plane, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "controlplane", *arguments],
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Made:
    """What `bootstrap` printed."""

    workspace_id: str
    management_key: str


def bootstrapped(home: Path, **settings: str) -> Made:
    """The default workspace and an admin key."""
    done = command(home, "bootstrap", "--output", "json", **settings)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return Made(told["workspace_id"], told["management_key"])
