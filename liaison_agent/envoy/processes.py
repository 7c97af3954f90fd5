"""An Envoy process, ours or one that an earlier agent left running: who it is, whether it lives, when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from liaison_agent.ports import GatewayUnavailable

_POLL = 0.2


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
    """A running Envoy. `child` is set when we started it and so have to reap it."""

    def __init__(self, identity: Identity, child: subprocess.Popen[bytes] | None = None) -> None:
        self.identity = identity
        self._child = child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.identity.pid

    @property
    def is_ours(self) -> bool:
        """Whether we started it, not an agent before us."""
        return self._child is not None

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
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=1)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; harmless when it has ended."""
        if self.identity.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def end(self, grace: float) -> None:
        """SIGTERM, and SIGKILL after `grace` seconds."""
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                await self.ended()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.ended()

    def disown(self) -> None:
        """Let it outlive us."""
        if self._child is not None and self._child.returncode is None:
            self._child.returncode = 0  # else Python warns of a running child when it forgets the object
            self._child = None


def spawn(command: Sequence[str], log_file: Path) -> EnvoyProcess:
    """Start it in a session of its own: a Ctrl-C in our terminal is not meant for it. Its output goes to `log_file`."""
    try:
        with log_file.open("ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
            )
    except OSError as error:
        raise GatewayUnavailable(f"Envoy cannot be started: {command[0]}: {error.strerror}") from error
    identity = identify(child.pid)
    if identity is None:
        raise GatewayUnavailable(f"Envoy ended at once, with code {child.wait()}")
    return EnvoyProcess(identity, child)


async def _readable(handle: int) -> None:
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_reader(handle, done.set)
    try:
        await done.wait()
    finally:
        loop.remove_reader(handle)
