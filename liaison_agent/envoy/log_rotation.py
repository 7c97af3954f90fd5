"""Keeps Envoy's two logs within bounds while it runs: at most twice `largest` bytes each, and the tail of a busy pause.

The access log is moved aside and Envoy told to open it anew; no line is lost. Envoy's own log is its standard output,
which nobody can open anew for it: that one is copied aside and emptied, and a line written in between may be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from liaison_agent.envoy.admin import AdminClient, AdminUnavailable

LARGEST_ACCESS_LOG = 64 * 2**20
LARGEST_LOG = 8 * 2**20
LOOK_EVERY = 10.0  # seconds


class LogRotation:
    """Of one Envoy. `look` may be called at any time, also while there is no Envoy."""

    def __init__(
        self,
        access_log: Path,
        log_file: Path,
        admin: AdminClient,
        *,
        largest_access_log: int = LARGEST_ACCESS_LOG,
        largest_log: int = LARGEST_LOG,
    ) -> None:
        self._access_log = access_log
        self._log_file = log_file
        self._admin = admin
        self._largest_access_log = largest_access_log
        self._largest_log = largest_log
        self._to_be_reopened = True  # an earlier agent may have moved the file and ended before it said so

    async def keep_looking(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Rotate what has grown too large. A full or read-only disk changes nothing: it is tried again."""
        with contextlib.suppress(OSError):
            if _size(self._access_log) > self._largest_access_log:
                self._access_log.replace(_aside(self._access_log))
                self._to_be_reopened = True
        if self._to_be_reopened:
            with contextlib.suppress(AdminUnavailable):
                await self._admin.reopen_logs()
                self._to_be_reopened = False
        with contextlib.suppress(OSError):
            if _size(self._log_file) > self._largest_log:
                await asyncio.to_thread(_copy_and_empty, self._log_file)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


def _copy_and_empty(path: Path) -> None:
    """Envoy appends, so it goes on at the new end."""
    shutil.copyfile(path, _aside(path))
    _aside(path).chmod(0o600)
    os.truncate(path, 0)
