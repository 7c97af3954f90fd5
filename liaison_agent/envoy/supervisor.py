"""Keeps exactly one Envoy running on a state folder: adopts the one an earlier agent left, starts one, restarts it.

Theory of operation. A lock file admits one agent a state folder; Envoy does not hold it, so it goes with the agent.
Envoy is found again by its pid file, checked against the process's start time, or by who listens on the admin socket
(the agent may have died before it wrote the file). Restarts back off from 0.2 s to 5 s, anew after 30 s of health.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import resource
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import IO

from liaison_agent.envoy.admin import AdminClient, AdminUnavailable
from liaison_agent.envoy.bootstrap_config import bootstrap_of
from liaison_agent.envoy.draining import drain_requests
from liaison_agent.envoy.log_rotation import LogRotation
from liaison_agent.envoy.options import EnvoyOptions
from liaison_agent.envoy.processes import EnvoyProcess, identify, read_pid_file, spawn, write_pid_file
from liaison_agent.ports import GatewayUnavailable

_FIRST_PAUSE, _LONGEST_PAUSE, _HEALTHY = 0.2, 5.0, 30.0
_ENDS_WITHIN, _POLL = 5.0, 0.01

log = logging.getLogger(__name__)


class Supervisor:
    """`clock` is monotonic, in seconds; `on_pid` hears of each Envoy that serves, and None when there is none."""

    def __init__(
        self,
        options: EnvoyOptions,
        admin: AdminClient,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_pid: Callable[[int | None], None] = lambda pid: None,
    ) -> None:
        self._options = options
        self._admin = admin
        self._clock = clock
        self._sleep = sleep
        self._on_pid = on_pid
        self._lock: IO[str] | None = None
        self._process: EnvoyProcess | None = None
        self._logs = LogRotation(options.access_log_file, options.log_file, admin)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def process(self) -> EnvoyProcess | None:
        """The Envoy that runs now; None between its end and its restart."""
        return self._process

    def prepare(self) -> None:
        """Make the folders, private, and take the lock; raises `GatewayUnavailable` when another agent has it."""
        for folder in (self._options.folder, self._options.socket_folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid != os.getuid():
                raise GatewayUnavailable(f"the folder {folder} belongs to somebody else")
            folder.chmod(0o700)
        lock = self._options.lock_file.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise GatewayUnavailable(
                f"another agent runs on the state folder {self._options.state_folder}; stop it or use another folder"
            ) from None
        self._lock = lock

    async def start(self) -> None:
        """Adopt or start Envoy and keep it running from here on; returns when its admin interface answers."""
        self._process = await self._adopt() or await self._spawn()
        self._on_pid(self._process.pid)
        self._tasks = [
            asyncio.create_task(self._keep_running()),
            asyncio.create_task(self._logs.keep_looking()),
        ]

    async def stop(self, drain: timedelta) -> None:
        """End Envoy gracefully and free the lock, also one that an earlier agent left and we never came to adopt;
        harmless when nothing runs."""
        await self._stop_watching()
        if self._process is None and (identity := read_pid_file(self._options.pid_file)) is not None:
            self._process = EnvoyProcess(identity, is_ours=False)
        if self._process is not None:
            with contextlib.suppress(AdminUnavailable):
                await drain_requests(self._admin, drain.total_seconds(), clock=self._clock, sleep=self._sleep)
            await self._process.end(_ENDS_WITHIN)
            self._process = None
            self._on_pid(None)
            for left in (self._options.pid_file, self._options.admin_socket, self._options.shared_memory):
                left.unlink(missing_ok=True)
        self._unlock()

    async def give_up(self) -> None:
        """Undo a start that led nowhere: end what we started, leave what served before."""
        await self._stop_watching()
        if self._process is not None and self._process.is_ours:
            await self._process.end(_ENDS_WITHIN)
            self._process = None
        await self.leave()

    async def leave(self) -> None:
        """Go away and let Envoy serve on, for the next agent to adopt."""
        await self._stop_watching()
        if self._process is not None:
            self._process = None
        self._unlock()

    async def _keep_running(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = self._clock()
            if self._process is not None:
                await self._process.ended()
                log.error("Envoy (pid %d) ended; its log: %s", self._process.pid, self._options.log_file)
                self._process = None
                self._on_pid(None)
            if self._clock() - began >= _HEALTHY:
                pause = _FIRST_PAUSE
            await self._sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                self._process = await self._spawn()
            except GatewayUnavailable as error:
                log.error("Envoy does not start: %s", error)
            else:
                self._on_pid(self._process.pid)

    async def _adopt(self) -> EnvoyProcess | None:
        identity = read_pid_file(self._options.pid_file)
        if identity is None:
            pid = self._admin.listening_pid()
            identity = identify(pid) if pid is not None else None
        if identity is None:
            return None
        process = EnvoyProcess(identity, is_ours=False)
        if not await self._comes_up(process):
            log.warning("an Envoy (pid %d) was left behind that does not answer; it is replaced", process.pid)
            await process.end(0)
            return None
        write_pid_file(self._options.pid_file, identity)
        log.info("adopted the running Envoy, pid %d", process.pid)
        return process

    async def _spawn(self) -> EnvoyProcess:
        options = self._options
        options.bootstrap_file.write_text(json.dumps(bootstrap_of(options), indent=1))
        process = await spawn(_command(options), options.log_file)
        came_up = False
        try:
            write_pid_file(options.pid_file, process.identity)
            _allow_many_files(process.pid)
            came_up = await self._comes_up(process)
        finally:
            if not came_up:
                await process.end(0)
        if not came_up:
            raise GatewayUnavailable(self._why_it_ended())
        log.info("started Envoy, pid %d", process.pid)
        return process

    async def _comes_up(self, process: EnvoyProcess) -> bool:
        """Whether this process answers as our Envoy before it ends or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._options.answers_within.total_seconds()):
                while process.identity.is_alive():
                    if self._admin.listening_pid() == process.pid:
                        with contextlib.suppress(AdminUnavailable):
                            info = await self._admin.server_info()
                            return bool(info.get("node", {}).get("id") == self._options.node_id)
                    await self._sleep(_POLL)
        return False

    def _why_it_ended(self) -> str:
        lines = self._options.log_file.read_text(errors="replace").splitlines()[-50:]
        if any("unable to bind domain socket with base_id" in line for line in lines):
            base_id = self._options.base_id
            return f"another Envoy of this state folder still runs (base id {base_id}); stop it, then start again"
        reasons = [line for line in lines if "[critical]" in line or "[error]" in line]
        reason = reasons[-1].rpartition("] ")[2] if reasons else "it said nothing"
        return f"Envoy does not come up: {reason[:300]} (its log: {self._options.log_file})"

    async def _stop_watching(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
            await asyncio.wait({task})

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _command(options: EnvoyOptions) -> list[str]:
    return [
        str(options.binary),
        *("-c", str(options.bootstrap_file.resolve())),
        *("--base-id", str(options.base_id)),
        *("--concurrency", str(options.concurrency)),
        *("--drain-time-s", str(int(options.listener_drain.total_seconds()))),
        *("--drain-strategy", "immediate"),
        *("--file-flush-interval-msec", "1000"),
        *("--log-level", "warning"),
        # These log what was refused together with its configuration; we get the reason in-band.
        *("--component-log-level", "misc:error,config:error,upstream:error"),
    ]


def _allow_many_files(pid: int) -> None:
    """Each connection is a file; many shells allow 1024."""
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
