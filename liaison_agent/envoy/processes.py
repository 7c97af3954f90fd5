"""An Envoy process, ours or one that an earlier agent left running: who it is, whether it lives, when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from liaison_agent.ports import GatewayUnavailable

_POLL = 0.2
# Forks, ends, and lets its child turn into Envoy only when it is nobody's child any more. The pid goes to stdout.
_LAUNCHER = """
import os, sys, time
launcher = os.getpid()
if os.fork():
    os._exit(0)
os.setsid()
while os.getppid() == launcher:
    time.sleep(0.0005)
os.write(1, b"%d" % os.getpid())
os.dup2(2, 1)
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """A process for good: pids are used again, but not with the same start time (clock ticks since boot)."""

    pid: int
    started: int

    def is_alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return identify(self.pid) == self


def identify(pid: int) -> Identity | None:
    """The process that has this pid now; None when there is none, or only its corpse."""
    try:
        # The name in brackets may hold anything, even ")": the fields are counted from the last one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, started = fields[0], int(fields[19])
    return None if state in ("Z", "X") else Identity(pid, started)


def write_pid_file(path: Path, identity: Identity) -> None:
    """Note the process for the next agent, in one step."""
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(identity)))
    temporary.replace(path)


def read_pid_file(path: Path) -> Identity | None:
    """The noted process, if the note can be read and the process is still that one."""
    try:
        noted = json.loads(path.read_text())
        identity = Identity(int(noted["pid"]), int(noted["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return identity if identity.is_alive() else None


class EnvoyProcess:
    """A running Envoy. `is_ours` says whether we started it, not an agent before us."""

    def __init__(self, identity: Identity, *, is_ours: bool) -> None:
        self.identity = identity
        self.is_ours = is_ours

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.identity.pid

    async def ended(self) -> None:
        """Wait until it has ended, whoever ended it."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            pass
        except OSError:  # no pidfd on this kernel
            while self.identity.is_alive():  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(_POLL)
        else:
            try:
                if self.identity.is_alive():
                    await _readable(handle)
            finally:
                os.close(handle)
        with contextlib.suppress(ChildProcessError):  # it is our child only where we are the container's first process
            os.waitpid(self.pid, os.WNOHANG)  # noqa: ASYNC222 - does not wait

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; harmless when it has ended."""
        if self.identity.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def end(self, grace: float) -> None:
        """SIGTERM, and SIGKILL after `grace` seconds."""
        try:
            async with asyncio.timeout(grace):
                self.signal(signal.SIGTERM)
                await self.ended()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.ended()


async def spawn(command: Sequence[str], log_file: Path) -> EnvoyProcess:
    """Start it as a process of nobody's, in a session of its own, its output in `log_file`.

    Not as our child, because Envoy asks the kernel to end it with its parent, and it has to outlive us; with its own
    session, because a Ctrl-C in our terminal is not meant for it. When cancelled, what was started is ended: nobody
    would know of it."""
    launching = asyncio.ensure_future(_launch(command, log_file))
    try:
        return await asyncio.shield(launching)
    except asyncio.CancelledError:
        with contextlib.suppress(GatewayUnavailable):
            await (await launching).end(0)
        raise


async def _launch(command: Sequence[str], log_file: Path) -> EnvoyProcess:
    if not os.access(command[0], os.X_OK):
        raise GatewayUnavailable(f"Envoy cannot be started: there is no program {command[0]}")
    with log_file.open("ab") as log:
        launcher = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _LAUNCHER, *command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    said, _ = await launcher.communicate()
    identity = identify(int(said)) if said.strip().isdigit() else None
    if identity is None:
        raise GatewayUnavailable(f"Envoy ended at once; its log: {log_file}")
    return EnvoyProcess(identity, is_ours=True)


async def _readable(handle: int) -> None:
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_reader(handle, done.set)
    try:
        await done.wait()
    finally:
        loop.remove_reader(handle)
