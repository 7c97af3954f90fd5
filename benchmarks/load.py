"""Load on one URL by wrk (HTTP/1.1) or h2load (HTTP/2), and what their output says."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.processes import CannotMeasure, pinned, shown
from benchmarks.samples import Measured, percentile

WARM_UP_SECONDS: Final = 1  # whole seconds: neither tool takes less
TOKEN: Final = "$TOKEN"  # noqa: S105 - stands where a token stood

_UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Target:
    """A POST that is repeated. `http2`: prior knowledge, one stream a connection. `bearer` is never printed."""

    url: str
    http2: bool
    body: bytes
    headers: Mapping[str, str]
    bearer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a load generator said of one run."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float


def grpc_frame(message: bytes) -> bytes:
    """The message as gRPC carries it: not compressed, its length in four bytes."""
    return struct.pack(">BI", 0, len(message)) + message


class Generator:
    """Runs load from one core; request files lie in `folder`."""

    def __init__(self, core: int, folder: Path) -> None:
        self._core = core
        self._folder = folder

    def measure(
        self, target: Target, connections: int, seconds: int, server_cpu: Callable[[], float]
    ) -> tuple[Measured, str]:
        """Warm up, load for that long, and the command that did it. Raises CannotMeasure when a request failed."""
        run = self._h2load if target.http2 else self._wrk
        run(target, connections, WARM_UP_SECONDS)
        before = server_cpu()
        counted, command = run(target, connections, seconds)
        cpu_us = (server_cpu() - before) / counted.requests * 1e6
        return Measured(counted.requests, counted.per_second, counted.p50_ms, counted.p99_ms, cpu_us), command

    def _wrk(self, target: Target, connections: int, seconds: int) -> tuple[Counted, str]:
        script = self._folder / "request.lua"
        script.write_text(lua_request(target))
        load = ["-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "30s", "--latency"]
        command = ["wrk", *load, "-s", str(script)]
        return read_wrk(self._run([*command, target.url])), self._shown([*command, target.url], target)

    def _h2load(self, target: Target, connections: int, seconds: int) -> tuple[Counted, str]:
        body, log = self._folder / "request.bin", self._folder / "h2load.log"
        body.write_bytes(target.body)
        log.unlink(missing_ok=True)
        load = ["-D", str(seconds), "-c", str(connections), "-m", "1", "-t", "1"]
        command = ["h2load", *load, "-d", str(body), f"--log-file={log}", *_header_options(target), target.url]
        output = self._run(command)
        return read_h2load(output, log.read_text()), self._shown(command, target)

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(pinned(self._core, command), capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotMeasure(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _shown(self, command: list[str], target: Target) -> str:
        hidden = {target.bearer: TOKEN} if target.bearer else {}
        return shown(pinned(self._core, command), {**hidden, f"{self._folder}/": ""})


def lua_request(target: Target) -> str:
    """The script that makes wrk send it; the body as decimal escapes, since it may be binary."""
    headers = "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in _headers(target).items())
    body = "".join(f"\\{byte:03}" for byte in target.body)
    return f'wrk.method = "POST"\nwrk.body = "{body}"\n{headers}'


def read_wrk(output: str) -> Counted:
    """Raises CannotMeasure when a request failed or the output is not wrk's."""
    failed = re.search(r"^\s*(Non-2xx.*|Socket errors:.*)$", output, re.MULTILINE)
    if failed:
        raise CannotMeasure(f"wrk: {failed[1]}")
    total = re.search(r"^\s*(\d+) requests in ", output, re.MULTILINE)
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", output, re.MULTILINE)
    p50, p99 = (re.search(rf"^\s*{share}%\s+([\d.]+)(us|ms|s|m)\s*$", output, re.MULTILINE) for share in (50, 99))
    if not total or not rate or not p50 or not p99 or not int(total[1]):
        raise CannotMeasure(f"wrk said nothing to count:\n{output}")
    return Counted(int(total[1]), float(rate[1]), float(p50[1]) * _UNITS[p50[2]], float(p99[1]) * _UNITS[p99[2]])


def read_h2load(output: str, log: str) -> Counted:
    """`log` has a line a request: start, status, microseconds. Raises CannotMeasure when a request failed."""
    rate = re.search(r"^finished in \S+, ([\d.]+) req/s", output, re.MULTILINE)
    total = re.search(
        r"^requests: .* (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output, re.MULTILINE
    )
    took = [int(line.split("\t")[2]) / 1000 for line in log.splitlines()]
    if not rate or not total or not took or not int(total[2]):
        raise CannotMeasure(f"h2load said nothing to count:\n{output}")
    if any(map(int, total.groups()[2:])):
        raise CannotMeasure(f"h2load: {total[0]}")
    return Counted(int(total[2]), float(rate[1]), percentile(took, 0.5), percentile(took, 0.99))


def _headers(target: Target) -> dict[str, str]:
    bearer = {"authorization": f"Bearer {target.bearer}"} if target.bearer else {}
    return {**target.headers, **bearer}


def _header_options(target: Target) -> list[str]:
    return [word for name, value in _headers(target).items() for word in ("-H", f"{name}: {value}")]
