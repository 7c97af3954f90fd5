"""Telling processes apart for good."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from liaison_agent.envoy.processes import identify, read_pid_file, write_pid_file


def test_a_noted_process_is_read_back_while_it_lives(tmp_path: Path) -> None:
    ourselves = identify(os.getpid())
    assert ourselves is not None

    write_pid_file(tmp_path / "pid", ourselves)

    assert read_pid_file(tmp_path / "pid") == ourselves


def test_a_pid_that_somebody_else_has_now_is_not_the_noted_process(tmp_path: Path) -> None:
    ourselves = identify(os.getpid())
    assert ourselves is not None

    write_pid_file(tmp_path / "pid", replace(ourselves, started=ourselves.started - 1))

    assert read_pid_file(tmp_path / "pid") is None


def test_a_damaged_or_missing_note_is_no_note(tmp_path: Path) -> None:
    (tmp_path / "damaged").write_text('{"pid": 1')

    assert read_pid_file(tmp_path / "damaged") is None
    assert read_pid_file(tmp_path / "missing") is None


def test_a_corpse_is_not_alive() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it has ended, nobody has buried it

    assert identify(pid) is None
    os.waitpid(pid, 0)
