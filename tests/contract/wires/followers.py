"""Who follows a full synchronisation, so that a test goes on when they do and not after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from controlplane.services.full_sync import FullSyncService


class Followers:
    """Callers of these services who were told all that there was to tell, and wait for more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *services: FullSyncService) -> None:
        self._waiting: set[asyncio.Task[Any] | None] = set()
        self._changed = asyncio.Event()
        for service in services:
            monkeypatch.setattr(service, "_wait", partial(self._noted, service._wait))

    async def are(self, count: int) -> None:
        """Return once there are so many."""
        while len(self._waiting) < count:
            self._changed.clear()
            await self._changed.wait()

    async def _noted(self, wait: Callable[[], Awaitable[None]]) -> None:
        self._waiting.add(asyncio.current_task())
        self._changed.set()
        await wait()
