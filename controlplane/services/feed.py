"""The views of this replica, kept true by notices; who waits for something newer is woken after the view has it.

An unchanged poll touches no database. A view is read at a workspace's first poll; after that each notice (and a safety
re-read, should one get lost) reads only what is newer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from controlplane.domain.errors import DomainError
from controlplane.services.ports import Made, Notice, Store
from controlplane.services.views import View, read_newer
from controlplane.services.waiting import Waiting

log = logging.getLogger(__name__)


class Feed:
    """The views of this replica. All methods run on the one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._views: dict[str, View] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._due: dict[str, asyncio.Task[View]] = {}  # reads that have not begun yet
        self._lost = self._made_good = 0  # times that everything was to be read, and was
        self._waiting = Waiting()
        self.on_identity: Callable[[str], None] = lambda _identity: None

    @property
    def hanging(self) -> int:
        """Polls that hang now."""
        return self._waiting.count

    @property
    def closing(self) -> bool:
        """Whether the process drains."""
        return self._waiting.over

    def view_now(self, workspace_id: str) -> View | None:
        """The view if it is in memory."""
        return self._views.get(workspace_id)

    async def view(self, workspace_id: str) -> View:
        """The workspace's view, read at first use. Raises Unavailable."""
        found = self._views.get(workspace_id)
        return found if found is not None else await self.refresh(workspace_id)

    async def refresh(self, workspace_id: str, *, whole: bool = False) -> View:
        """Read what is newer than the view, or everything, and wake who waits. Raises Unavailable.

        One read a workspace at a time; everybody who asks while one is under way shares the next, however many ask.
        """
        if whole:
            return await self._refresh(workspace_id, whole=True)
        due = self._due.get(workspace_id)
        if due is None:
            due = self._due[workspace_id] = asyncio.create_task(self._refresh(workspace_id, whole=False))
            due.add_done_callback(_heard)
        return await asyncio.shield(due)

    async def _refresh(self, workspace_id: str, *, whole: bool) -> View:
        async with self._lock(workspace_id):
            if not whole:
                self._due.pop(workspace_id, None)
            view = self._views.get(workspace_id) or View(workspace_id)
            async with self._store.reading() as work:
                fresh = await read_newer(work, view, whole=whole)
            if fresh is None:
                return view
            moved = fresh.revision != view.revision
            rung = view.take(fresh)
            self._views[workspace_id] = view
        await self._waiting.wake(workspace_id, None if moved else rung)
        return view

    async def wait(self, view: View, dataplane_id: str, longest: float, newer: Callable[[], bool]) -> int:
        """Return when `newer()` is true, after `longest` seconds, when the process drains, or when the data plane is
        no longer what it was when it asked (revoked, retired); how many were woken together, 0 if it was not woken."""
        return await self._waiting.wait(view.workspace_id, dataplane_id, longest, newer)

    async def follow(self) -> None:
        """Apply the store's notices for as long as the process lives."""
        async for notice in self._store.notices():
            try:
                await self._apply(notice)
            except DomainError as error:
                log.warning("a notice could not be followed, the safety re-read will: %s", error)
            except Exception:
                log.exception("a notice could not be followed, the safety re-read will")

    async def reread(self, *, whole: bool = False) -> None:
        """The safety net under notices: read what is newer (or everything) in every workspace in memory.

        Everything that could not be read to the end is read the next time.
        """
        self._lost += whole
        lost = self._lost
        for workspace_id in list(self._views):
            await self.refresh(workspace_id, whole=lost > self._made_good)
        self._made_good = max(lost, self._made_good)

    async def drain(self) -> None:
        """Answer every hanging poll now and let none hang again."""
        await self._waiting.end()

    async def _apply(self, notice: Notice) -> None:
        if notice.identity:
            self.on_identity(notice.identity)
            self._waiting.dismiss(notice.workspace_id, notice.identity)
        elif not notice.workspace_id:
            self.on_identity("")
            await self.reread(whole=True)  # closed events are not among what is newer
        elif notice.closed_event:
            async with self._lock(notice.workspace_id):  # or a read from before it was closed would bring it back
                view = self._views.get(notice.workspace_id)
                if view is not None:
                    view.close(*notice.closed_event.split("/"))
        elif notice.workspace_id in self._views and not (notice.made and await self._follows(notice, notice.made)):
            await self.refresh(notice.workspace_id)

    async def _follows(self, notice: Notice, made: Made) -> bool:
        """Whether the view could be kept true without a read."""
        async with self._lock(notice.workspace_id):
            rung = self._views[notice.workspace_id].follow(made)
        if rung is None:
            return False
        await self._waiting.wake(notice.workspace_id, None if made.after[0] != made.before[0] else rung)
        return True

    def _lock(self, workspace_id: str) -> asyncio.Lock:
        return self._locks.setdefault(workspace_id, asyncio.Lock())


def _heard(read: asyncio.Task[View]) -> None:
    """Whoever waited for it may be gone: nobody is warned of a failure that nobody waits for."""
    if not read.cancelled():
        read.exception()
