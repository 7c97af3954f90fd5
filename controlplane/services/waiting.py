"""Who hangs: polls that wait for something newer, woken in slices when it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

WAKE_SLICE = 1000


class Waiting:
    """By workspace. `count`: polls that hang now; `over`: none may hang any more."""

    def __init__(self) -> None:
        self._of: dict[str, dict[asyncio.Future[bool], str]] = {}  # the data plane of each
        self.count = 0
        self.over = False

    async def wait(self, workspace_id: str, dataplane_id: str, longest: float, newer: Callable[[], bool]) -> None:
        """Return when `newer()` is true, after `longest` seconds, when it is over, or when the data plane is
        dismissed."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + longest
        waiting = self._of.setdefault(workspace_id, {})
        self.count += 1
        try:
            # What wakes a workspace's waiters need not be what this one waits for.
            while not newer() and not self.over and loop.time() < ends_at:
                woken: asyncio.Future[bool] = loop.create_future()
                waiting[woken] = dataplane_id
                handle = loop.call_at(ends_at, _finish, woken)
                try:
                    if await woken:
                        return
                finally:
                    handle.cancel()
                    del waiting[woken]
        finally:
            self.count -= 1

    async def wake(self, workspace_id: str, dataplanes: set[str] | None) -> None:
        """In slices, so that thousands of answers do not hold the loop; None wakes everybody of the workspace."""
        waiting = self._of.get(workspace_id, {})
        woken = [each for each, dataplane_id in waiting.items() if dataplanes is None or dataplane_id in dataplanes]
        for start in range(0, len(woken), WAKE_SLICE):
            for each in woken[start : start + WAKE_SLICE]:
                _finish(each)
            await asyncio.sleep(0)

    def dismiss(self, workspace_id: str, dataplane_id: str) -> None:
        """Let a data plane wait no longer, whatever it waits for."""
        for each, waits in self._of.get(workspace_id, {}).items():
            if waits == dataplane_id:
                _finish(each, for_good=True)

    async def end(self) -> None:
        """Wake everybody and let nobody hang again."""
        self.over = True
        for workspace_id in list(self._of):
            await self.wake(workspace_id, None)


def _finish(woken: asyncio.Future[bool], *, for_good: bool = False) -> None:
    if not woken.done():
        woken.set_result(for_good)
