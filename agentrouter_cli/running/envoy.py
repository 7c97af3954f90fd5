"""The Envoy of this home's agent, which outlives a killed run: found again, and ended when nobody looks after it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from agentrouter_cli.run_file import is_alive
from agentrouter_cli.running.home import Home

_ENDS_WITHIN: Final = 20.0
_LOOK_EVERY: Final = 0.05


def living_envoy(home: Home) -> int:
    """Its process id; 0 when there is none, or when the id meanwhile belongs to something else."""
    pid = home.agent_file().envoy_pid
    if not is_alive(pid):
        return 0
    with contextlib.suppress(OSError):
        program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
        return pid if b"envoy" in program else 0
    return 0


async def end_envoy(home: Home, clock: Callable[[], float]) -> None:
    """SIGTERM, then SIGKILL; none alive is fine."""
    pid = living_envoy(home)
    _signal(pid, signal.SIGTERM)
    deadline = clock() + _ENDS_WITHIN
    while is_alive(pid):
        if clock() > deadline:
            _signal(pid, signal.SIGKILL)
            return
        await asyncio.sleep(_LOOK_EVERY)


def kill_envoy(home: Home) -> None:
    """SIGKILL now; none alive is fine."""
    _signal(living_envoy(home), signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    if pid > 0:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
