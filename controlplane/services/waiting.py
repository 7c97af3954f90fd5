"""Who hangs: polls that wait for something newer, woken in slices when it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

WAKE_SLICE = 1000
TIME_OVER, DISMISSED = 0, -1


class Waiting:
    """By workspace. `count`: polls that hang now; `over`: none may hang any more."""

    def __init__(self) -> None:
        self._of: dict[str, dict[asyncio.Future[int], str]] = {}  # the data plane of each
        self.count = 0
        self.over = False

    async def wait(self, workspace_id: str, dataplane_id: str, longest: float, newer: Callable[[], bool]) -> int:
        """Return when `newer()` is true, after `longest` seconds, when it is over, or when the data plane is
        dismissed; how many were woken at once, if it was woken."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + longest
        waiting = self._of.setdefault(workspace_id, {})
        self.count += 1
        together = TIME_OVER
        try:
            # What wakes a workspace's waiters need not be what this one waits for.
            while not newer() and not self.over and loop.time() < ends_at:
                woken: asyncio.Future[int] = loop.create_future()
                waiting[woken] = dataplane_id
                handle = loop.call_at(ends_at, _finish, woken, TIME_OVER)
                try:
                    together = await woken
                finally:
                    handle.cancel()
                    del waiting[woken]
                if together == DISMISSED:
                    break
        finally:
            self.count -= 1
        return max(together, 0)

    async def wake(self, workspace_id: str, dataplanes: set[str] | None) -> None:
        """In slices, so that thousands of answers do not hold the loop; None wakes everybody of the workspace."""
        waiting = self._of.get(workspace_id, {})
        woken = [each for each, dataplane_id in waiting.items() if dataplanes is None or dataplane_id in dataplanes]
        for start in range(0, len(woken), WAKE_SLICE):
            for each in woken[start : start + WAKE_SLICE]:
                _finish(each, len(woken))
            await asyncio.sleep(0)

    def dismiss(self, workspace_id: str, dataplane_id: str) -> None:
        """Let a data plane wait no longer, whatever it waits for."""
        for each, waits in self._of.get(workspace_id, {}).items():
            if waits == dataplane_id:
                _finish(each, DISMISSED)

    async def end(self) -> None:
        """Wake everybody and let nobody hang again."""
        self.over = True
        for workspace_id in list(self._of):
            await self.wake(workspace_id, None)


def _finish(woken: asyncio.Future[int], why: int) -> None:
    if not woken.done():
        woken.set_result(why)
