"""Notices inside one process: every subscriber hears every notice, and a slow one is told to read everything again."""

from __future__ import annotations

import asyncio
import json
import weakref
from collections import deque
from collections.abc import AsyncIterator

from controlplane.services.ports import Notice

READ_EVERYTHING = Notice("")
BACKLOG = 10_000
PAYLOAD_LIMIT = 7999  # bytes, PostgreSQL's


class Subscription(AsyncIterator[Notice]):
    """Notices since it was made, in order."""

    def __init__(self) -> None:
        self._waiting: deque[Notice] = deque()
        self._news = asyncio.Event()
        self._closed = False

    def put(self, notice: Notice) -> None:
        """Queue one; a backlog that nobody reads becomes a single `READ_EVERYTHING`."""
        if len(self._waiting) >= BACKLOG or notice == READ_EVERYTHING:
            self._waiting.clear()
            notice = READ_EVERYTHING
        self._waiting.append(notice)
        self._news.set()

    def close(self) -> None:
        """End the iteration after what is queued."""
        self._closed = True
        self._news.set()

    async def __anext__(self) -> Notice:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class Fanout:
    """All subscriptions of this process; one that nobody holds any more is forgotten."""

    def __init__(self) -> None:
        self._subscriptions: weakref.WeakSet[Subscription] = weakref.WeakSet()
        self._closed = False

    def subscribe(self) -> Subscription:
        """Hear every notice from now on."""
        subscription = Subscription()
        if self._closed:
            subscription.close()
        self._subscriptions.add(subscription)
        return subscription

    def publish(self, notice: Notice) -> None:
        """Tell all of them."""
        for subscription in list(self._subscriptions):
            subscription.put(notice)

    def close(self) -> None:
        """End every subscription, later ones too."""
        self._closed = True
        for subscription in list(self._subscriptions):
            subscription.close()


def to_payload(notice: Notice) -> str:
    """JSON in ASCII; a notice too long for the database's limit becomes `READ_EVERYTHING`."""
    fields = [notice.workspace_id, notice.closed_event, notice.identity]
    payload = json.dumps(fields, separators=(",", ":"))
    return payload if len(payload) <= PAYLOAD_LIMIT else to_payload(READ_EVERYTHING)


def from_payload(payload: str) -> Notice:
    """The notice again; what cannot be read (of another release) is `READ_EVERYTHING`."""
    try:
        workspace_id, closed_event, identity = json.loads(payload)
    except (ValueError, TypeError):  # no JSON, or JSON that is no list
        return READ_EVERYTHING
    return Notice(str(workspace_id), str(closed_event), str(identity))
