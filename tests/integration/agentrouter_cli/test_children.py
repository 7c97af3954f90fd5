"""Child processes: started, watched, started again, stopped, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agentrouter_cli.run_file import is_alive
from agentrouter_cli.running import children
from agentrouter_cli.running.children import BackOff, Child, ChildFailed, Command

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


@pytest.fixture
def said() -> list[str]:
    return []


def a_child(folder: Path, said: list[str], code: str, patience: float = 5) -> Child:
    command = Command(
        "sleeper",
        [sys.executable, "-c", code],
        dict(os.environ),
        folder / "logs" / "sleeper.log",
        timedelta(0, patience),
    )
    return Child(command, said.append, time.monotonic)


def is_up(child: Child) -> Callable[[], object]:
    async def ready() -> bool:
        return "up" in child.excerpt()

    return ready


async def started(child: Child, within: float = 60) -> Child:
    await child.start(is_up(child), timedelta(seconds=within))  # type: ignore[arg-type]
    return child


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.01)


def test_pauses_double_up_to_thirty_seconds_and_begin_again_after_a_steady_life() -> None:
    back_off = BackOff()

    short = [back_off.pause_after(timedelta(seconds=1)).total_seconds() for _ in range(6)]
    steady = back_off.pause_after(timedelta(minutes=2)).total_seconds()

    assert (short, steady) == ([3, 6, 12, 24, 30, 30], 3)


async def test_a_child_is_stopped_by_sigterm(tmp_path: Path, said: list[str]) -> None:
    child = await started(a_child(tmp_path, said, SLEEPER))

    await child.stop()

    assert not is_alive(child.pid)
    assert said == []


async def test_a_child_that_does_not_stop_is_killed(tmp_path: Path, said: list[str]) -> None:
    child = await started(a_child(tmp_path, said, STUBBORN, patience=0.05))

    await child.stop()

    assert not is_alive(child.pid)
    assert "killing it" in said[0]


async def test_a_child_that_dies_is_started_again_and_the_terminal_says_so(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE", timedelta(seconds=0.01))
    child = await started(a_child(tmp_path, said, SLEEPER))
    child.keep()
    first = child.pid

    os.kill(first, signal.SIGKILL)
    await until(lambda: child.pid != first and child.alive)
    await child.stop()

    assert "killed by SIGKILL" in said[0]
    assert str(child.pid) in said[1]
    assert not is_alive(child.pid)


async def test_a_child_that_ends_while_starting_shows_the_end_of_its_log(tmp_path: Path, said: list[str]) -> None:
    child = a_child(tmp_path, said, "import sys; print('x\\n' * 50); sys.exit('the port is taken')")

    with pytest.raises(ChildFailed) as failed:
        await started(child)

    assert "exit code 1" in str(failed.value)
    assert "| the port is taken" in str(failed.value)
    assert len(str(failed.value).splitlines()) < 20


async def test_the_excerpt_leaves_out_what_an_earlier_run_wrote(tmp_path: Path, said: list[str]) -> None:
    await (await started(a_child(tmp_path, said, SLEEPER.replace("'up'", "'up early'")))).stop()

    child = await started(a_child(tmp_path, said, SLEEPER.replace("'up'", "'up late'")))
    await child.stop()

    assert "late" in child.excerpt()
    assert "early" not in child.excerpt()


async def test_a_child_that_is_not_ready_in_time_is_an_error_and_can_be_stopped(
    tmp_path: Path, said: list[str]
) -> None:
    child = a_child(tmp_path, said, "import time; time.sleep(600)")

    with pytest.raises(ChildFailed, match="not ready"):
        await started(child, within=0)
    await child.stop()

    assert not is_alive(child.pid)


ANSWERER = "import sys, time; print(sys.argv[1:], flush=True); print('to the log', file=sys.stderr, flush=True)"


async def test_what_a_child_is_asked_at_its_start_is_answered_to_us_alone(tmp_path: Path, said: list[str]) -> None:
    child = a_child(tmp_path, said, f"{ANSWERER}; time.sleep(600)")

    answer = await child.start_and_hear(["--question"], timedelta(seconds=60))
    await until(lambda: "to the log" in child.excerpt())
    await child.stop()

    assert answer == "['--question']\n"
    assert "question" not in child.excerpt()


async def test_a_child_that_is_started_again_is_not_asked_again(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE", timedelta(seconds=0.01))
    child = a_child(tmp_path, said, f"{ANSWERER}; time.sleep(600)")
    await child.start_and_hear(["--question"], timedelta(seconds=60))
    child.keep()
    first = child.pid

    os.kill(first, signal.SIGKILL)
    await until(lambda: child.pid != first and "[]" in child.excerpt())
    await child.stop()

    assert "question" not in child.excerpt()


@pytest.mark.parametrize(("code", "problem"), [("raise SystemExit('no')", "exit code 1"), ("pass", "exit code 0")])
async def test_a_child_that_ends_without_an_answer_is_an_error(
    tmp_path: Path, said: list[str], code: str, problem: str
) -> None:
    with pytest.raises(ChildFailed, match=problem):
        await a_child(tmp_path, said, code).start_and_hear([], timedelta(seconds=60))


async def test_a_child_that_does_not_answer_in_time_is_an_error_and_can_be_stopped(
    tmp_path: Path, said: list[str]
) -> None:
    child = a_child(tmp_path, said, "import time; time.sleep(600)")

    with pytest.raises(ChildFailed, match="not ready"):
        await child.start_and_hear([], timedelta(0))
    await child.stop()

    assert not is_alive(child.pid)


def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent_code = (
        "import subprocess, sys, time\n"
        "from agentrouter_cli.running.children import leashed\n"
        "child = subprocess.Popen(leashed([sys.executable, '-c', 'import time; time.sleep(600)']))\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    read, write = os.pipe()
    parent = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", parent_code],
        dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)],
    )
    os.close(write)
    with os.fdopen(read) as output:
        child = int(output.readline())

    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)

    deadline = time.monotonic() + 60
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(child)
