"""Processes of a measurement: each on the core that was chosen for it, its CPU time read, ended with the block."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN = 60.0
ENDS_WITHIN = 20.0
TICK = os.sysconf("SC_CLK_TCK")


class CannotMeasure(Exception):
    """The machine lacks something without which no figure would be honest; the text names the way out."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Servers on one core, whatever loads them on another."""

    server: int
    load: int


def two_cores() -> Cores:
    """Two of those this process may use. Raises CannotMeasure."""
    if shutil.which("taskset") is None:
        raise CannotMeasure("taskset is not installed: apt-get install util-linux")
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise CannotMeasure("server and load generator need a core each, and this process may use only one")
    return Cores(server=allowed[0], load=allowed[1])


@dataclass(frozen=True, slots=True)
class Running:
    """A started process. `log` holds what it said."""

    process: subprocess.Popen[bytes]
    command: str
    log: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        return cpu_seconds(self.pid)

    def memory_bytes(self) -> int:
        """Its resident set."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    return cpu_ticks(Path(f"/proc/{pid}/stat").read_text()) / TICK


def cpu_ticks(stat: str) -> int:
    """utime + stime of a line of /proc/<pid>/stat; the name in it may hold blanks and brackets."""
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """The command, on that core alone."""
    return ["taskset", "-c", str(core), *command]


def python_module(name: str, *arguments: str) -> list[str]:
    """A module run by this Python."""
    return [sys.executable, "-m", name, *arguments]


def shown(command: Sequence[str], hidden: Mapping[str, str] | None = None) -> str:
    """The command as a person would type it; values of `hidden` are replaced by their names."""
    line = " ".join(_quoted(word) for word in command).replace(sys.executable, "python")
    for value, name in (hidden or {}).items():
        line = line.replace(value, name)
    return line


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """This process itself on that core, for as long as the block lasts."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@contextlib.contextmanager
def running(
    command: Sequence[str], *, core: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Start it on the core, end it with the block: SIGTERM, then SIGKILL."""
    command = pinned(core, command)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=clean_environment() | dict(environment or {}),
            start_new_session=True,
        )
    try:
        yield Running(process, shown(command), log)
    finally:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(port: int, server: Running, within: float = READY_WITHIN) -> None:
    """Return when something listens there. Raises CannotMeasure with the end of the log when the server gives up."""
    deadline = time.monotonic() + within
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.process.poll() is not None or time.monotonic() > deadline:
            said = server.log.read_text(errors="replace")[-2000:]
            raise CannotMeasure(f"`{server.command}` does not come up:\n{said}")
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Ports on 127.0.0.1 that were free a moment ago, all different."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def room_for_files(wanted: int) -> int:
    """Raise the limit of open files to `wanted`, here and for what is started from here; what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    with contextlib.suppress(ValueError, OSError):  # only root may raise the hard one
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
        return wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def clean_environment() -> dict[str, str]:
    """This environment without settings of the product, which would reach the servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AGENTROUTER_")}


def _quoted(word: str) -> str:
    return word if word and not set(word) & set(" '\"$;&|<>") else "'" + word.replace("'", "'\\''") + "'"
