"""A process of nobody's is started whole or not at all."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from liaison_agent.envoy.processes import spawn
from liaison_agent.ports import GatewayUnavailable

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def processes_with(argument: str) -> list[int]:
    """Their pids: of the launcher, of what it forks, and of what that turns into."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if argument.encode() in line.read_bytes().split(b"\0"):
                found.append(int(line.parent.name))
        except OSError:
            continue
    return found


async def test_a_start_that_is_cut_short_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = str(tmp_path / "this one")
    launchers: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()
    start = asyncio.create_subprocess_exec

    async def told(*arguments: Any, **more: Any) -> asyncio.subprocess.Process:
        launcher = await start(*arguments, **more)
        launchers.put_nowait(launcher)
        return launcher

    monkeypatch.setattr(asyncio, "create_subprocess_exec", told)
    starting = asyncio.create_task(spawn([*SLEEPER, mark], tmp_path / "log"))
    launcher = await launchers.get()

    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting

    await launcher.wait()
    assert processes_with(mark) == []


async def test_what_is_started_lives_on_by_itself_until_it_is_ended(tmp_path: Path) -> None:
    mark = str(tmp_path / "this one")

    process = await spawn([*SLEEPER, mark], tmp_path / "log")

    assert processes_with(mark) == [process.pid]
    process.signal(signal.SIGTERM)
    await process.ended()
    assert processes_with(mark) == []


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(GatewayUnavailable, match="no program"):
        await spawn([str(tmp_path / "nothing")], tmp_path / "log")
