"""SQLite: a writer cancelled at whatever operation of the driver leaves the file to the next one."""

from __future__ import annotations

import asyncio
from typing import Any

import aiosqlite
import pytest

from controlplane.store import SqlStore
from tests.contract.store.nouns import configuration
from tests.fakes.stores import opened


async def _write(store: SqlStore) -> int:
    async with store.unit_of_work() as work:
        revision = await work.workspaces.take_revision("ws_1")
        await work.configurations.add(configuration(revision, revision))
        await work.events.live_of_dataplane("dp_1")
        return revision


class Interruption:
    """Cancels a task while the driver's thread has the n-th operation to do."""

    def __init__(self, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left = at
        self._operation: Any = aiosqlite.Connection._execute
        self.task: asyncio.Task[int] | None = None
        self.came = False
        monkeypatch.setattr(aiosqlite.Connection, "_execute", self._interrupted())

    def _interrupted(self) -> Any:
        async def execute(connection: aiosqlite.Connection, *operation: Any, **more: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self.task is not None:
                self.came = True
                self.task.cancel()
            return await self._operation(connection, *operation, **more)

        return execute


async def test_whatever_operation_a_writer_is_cancelled_at_the_next_one_can_write(
    file_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int | BaseException] = []  # kept, so that nothing is let go of by chance
    async with opened(file_url) as store:
        last = await _write(store)
        for step in range(1, 100):
            with monkeypatch.context() as patched:
                interruption = Interruption(step, patched)
                interruption.task = asyncio.create_task(_write(store))
                ended += await asyncio.gather(interruption.task, return_exceptions=True)

            following = await _write(store)

            assert following - last in (1, 2)
            last = following
            if not interruption.came:
                break
        else:
            pytest.fail("the writer never came to its end")
    assert step > 10
    assert any(isinstance(each, asyncio.CancelledError) for each in ended)
