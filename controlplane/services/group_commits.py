"""Group commit: small writes that come while one is being written share the next transaction.

A crowd of agents then pays for one beginning and one end (on a disk: one flush) together, not each for its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar
from zlib import crc32

from controlplane.domain.errors import DomainError, Overloaded, Unavailable
from controlplane.services.ports import Store, UnitOfWork

MOST_WAITING = 1000  # a lane, beyond which nobody would be answered in time
AT_ONCE = 50  # steps a transaction: others who write are let in between two
LANES = 3  # transactions at a time; SQLite has one writer anyway
COME_AGAIN = timedelta(seconds=1)
T = TypeVar("T")
Key = tuple[str, str]


class Shared(Protocol):
    """What the steps of one transaction share."""

    async def flush(self) -> None:
        """Write what the steps left to be written."""


S = TypeVar("S", bound=Shared)


Prepare = Callable[[UnitOfWork, Sequence[Key]], Awaitable[S]]


class GroupCommits(Generic[S]):
    """Carries out steps in the order of their keys, those of one key in theirs. `prepare` reads, for all keys at once,
    what their steps share.

    A step refuses (raises a DomainError) before it writes anything, so that a refusal leaves nothing behind in the
    transaction it shares. It may be carried out twice, the second time on its own: when it spoiled the transaction, or
    somebody else's step did.
    """

    def __init__(self, store: Store, prepare: Prepare[S]) -> None:
        self._lanes = [_Lane(store, prepare) for _ in range(LANES if store.shared else 1)]

    async def run(self, key: Key, step: Callable[[S], Awaitable[T]]) -> T:
        """What the step returned, once that is committed. Raises what it raised; Unavailable, Overloaded.

        Of each key's first part one lane takes care. A step locks no rows but those that `prepare` locked.
        """
        outcome: T = await self._lanes[crc32(key[0].encode()) % len(self._lanes)].run(key, step)
        return outcome


@dataclass(eq=False, slots=True)
class _Member:
    key: Key
    step: Callable[[Any], Awaitable[Any]]
    outcome: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, result: Any, error: Exception | None) -> None:
        """Whoever waited may be gone."""
        if self.outcome.done():
            return
        if error is None:
            self.outcome.set_result(result)
        else:
            self.outcome.set_exception(error)
            self.outcome.exception()  # seen, should whoever waits be cancelled this very moment


class _Lane:
    """One transaction after the other."""

    def __init__(self, store: Store, prepare: Prepare[Any]) -> None:
        self._store = store
        self._prepare = prepare
        self._waiting: deque[_Member] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._working = False

    async def run(self, key: Key, step: Callable[[Any], Awaitable[Any]]) -> Any:
        if len(self._waiting) >= MOST_WAITING:
            raise Overloaded("too many acknowledgements and completions wait", retry_after=COME_AGAIN)
        member = _Member(key, step)
        self._waiting.append(member)
        if not self._working:
            self._working = True
            self._in_background(self._work())
        return await member.outcome

    def _in_background(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        try:
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                group = [member for member in group if not member.outcome.done()]  # gave up before its turn
                await self._commit(sorted(group, key=lambda member: member.key))
        finally:
            self._working = False

    async def _commit(self, group: Sequence[_Member]) -> None:
        if len(group) > 1 and await self._together(group):
            return
        if len(group) == 1:
            await self._alone(group[0])
            return
        for member in group:  # nobody waits for whoever spoiled it
            self._in_background(self._alone(member))

    async def _together(self, group: Sequence[_Member]) -> bool:
        """Whether all of them are settled."""
        settled: list[tuple[_Member, Any, Exception | None]] = []
        try:
            async with self._store.unit_of_work() as work:
                shared = await self._prepare(work, [member.key for member in group])
                for member in group:
                    settled.append((member, *await _tried(member, shared)))
                await shared.flush()
        except Exception:
            return False  # each on its own finds out whether it was the one
        for member, result, error in settled:
            member.settle(result, error)
        return True

    async def _alone(self, member: _Member) -> None:
        try:
            async with self._store.unit_of_work() as work:
                shared = await self._prepare(work, [member.key])
                result = await member.step(shared)
                await shared.flush()
        except Exception as error:
            member.settle(None, error)
        else:
            member.settle(result, None)


async def _tried(member: _Member, shared: Any) -> tuple[Any, DomainError | None]:
    """The step's result, or its refusal."""
    try:
        return await member.step(shared), None
    except Unavailable:
        raise  # the transaction is lost, for all of them
    except DomainError as refused:
        return None, refused
