"""A host with one data plane on it: the real agent process, its real Envoy, and how to ask both."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.control_plane import WORKSPACE
from tests.integration.dataplane.plane import CHAT, SigningKey

LOOPBACK = "AGENTROUTER_ALLOW_LOOPBACK_UPSTREAMS"
JOIN_TOKEN = "jt-" + "x" * 43


class Host:
    """One state folder. Everything that runs on it ends with `clear`."""

    def __init__(self, state: Path, client: aiohttp.ClientSession) -> None:
        self.state = state
        self.key = SigningKey()
        self.client = client
        self._process: asyncio.subprocess.Process | None = None
        self._envoys: set[int] = set()

    async def start(self, url: str, *more: str, join_token: str = JOIN_TOKEN, **variables: str) -> None:
        """Start the agent, `variables` in its environment; returns when the process is there."""
        with (self.state.parent / "agent.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "liaison_agent",
                *("--control-plane", url, "--state", str(self.state), *more),
                stderr=log,
                env={**os.environ, "AGENTROUTER_JOIN_TOKEN": join_token, LOOPBACK: "true", **variables},
            )

    @property
    def status(self) -> dict[str, Any]:
        """`agent.json`, empty before it is there."""
        try:
            found: dict[str, Any] = json.loads((self.state / "agent.json").read_bytes())
        except FileNotFoundError:
            return {}
        if found["envoy_pid"]:
            self._envoys.add(found["envoy_pid"])
        return found

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds; the test's timeout ends it."""
        while not holds():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.02)

    async def until_serving(self) -> int:
        """Wait until the agent says that it serves; returns Envoy's process id."""
        await self.until(self._serves)
        return int(self.status["envoy_pid"])

    def pause_agent(self) -> None:
        """SIGSTOP, as a frozen host does it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume_agent(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def kill_agent(self) -> None:
        """`kill -9`; Envoy is left alone."""
        assert self._process is not None
        _ = self.status
        self._process.kill()
        await self._process.wait()

    async def kill_envoy(self) -> None:
        """`kill -9`."""
        pid = int(self.status["envoy_pid"])
        os.kill(pid, signal.SIGKILL)

    async def terminate(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        self._process.terminate()
        return await self._process.wait()

    async def exit_code(self) -> int:
        """Wait for the end."""
        assert self._process is not None
        return await self._process.wait()

    async def chat(self, port: int, model: str = "fast", user: str = "ann", key: str = "") -> tuple[int, str]:
        """One chat completion, with a consumer key of the simulator's unless one is given; status 0 when nobody
        listens."""
        token = key or self.key.sign(user, aud=WORKSPACE)
        try:
            async with self.client.post(
                f"http://127.0.0.1:{port}{CHAT}",
                headers={"authorization": f"Bearer {token}"},
                json={"model": model, "messages": [{"role": "user", "content": "hello"}]},
            ) as response:
                return response.status, await response.text()
        except aiohttp.ClientConnectionError:
            return 0, ""

    def log(self) -> str:
        """What the agent said."""
        return (self.state.parent / "agent.log").read_text()

    async def clear(self) -> None:
        """End what still runs."""
        _ = self.status
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        for pid in filter(self._is_our_envoy, self._envoys):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _is_our_envoy(self, pid: int) -> bool:
        """Most have ended, and the system may have given their ids to others."""
        try:
            return os.fsencode(self.state) in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def _serves(self) -> bool:
        """Fails with what the agent said when it has ended."""
        assert self._process is not None
        assert self._process.returncode is None, self.log()
        said = self.status
        return said.get("pid") == self._process.pid and said["status"] == "serving" and bool(said["envoy_pid"])
