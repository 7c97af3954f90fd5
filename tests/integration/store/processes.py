"""Processes of the store's tests: started, heard, killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[3]


class Child:
    """A process that talks in lines."""

    def __init__(self, process: subprocess.Popen[str], out: IO[str]) -> None:
        self._process = process
        self._out = out
        self.pid = process.pid

    def line(self) -> str:
        """What it says next; empty at its end."""
        return self._out.readline().strip()

    def lines(self) -> list[str]:
        """What it says until its end."""
        return self._out.read().split("\n")

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@contextlib.contextmanager
def child(*arguments: str, wrapper: tuple[str, ...] = ()) -> Iterator[Child]:
    """Run a command of child.py until the block ends."""
    command = [*wrapper, sys.executable, "-m", "tests.integration.store.child", *arguments]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'gen'}"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Child(process, process.stdout)
        finally:
            process.kill()
