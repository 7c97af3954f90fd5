"""Collects everything newer than memory: page after page, opened, verified and merged, until nothing more is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from liaison_agent import intake
from liaison_agent.memory import Memory, Secret
from liaison_agent.opener import Opener
from liaison_agent.poller import Poller
from liaison_agent.ports import Answer, Boot, Clock, PendingEvent, Poll, Report

UNLISTED_AT_ONCE = 50_000


@dataclass(slots=True)
class Gathered:
    """Memory with everything received, the events rung, and the slots whose new version could not be taken, why."""

    memory: Memory
    events: list[PendingEvent] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    gap: int | None = None


@dataclass(slots=True)
class _Listing:
    """A full listing under way: what it named so far."""

    epoch: str
    slots: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    secrets: dict[str, Secret] = field(default_factory=dict, repr=False)


class Gatherer:
    """Keeps the event cursor, which holds for one boot only."""

    def __init__(self, poller: Poller, opener: Opener, clock: Clock, boot: Boot) -> None:
        self._poller = poller
        self._opener = opener
        self._clock = clock
        self._boot = boot
        self._event_cursor = 0
        self._unlisted: tuple[tuple[str, datetime], ...] = ()

    async def gather(
        self, memory: Memory, report: Report, wait: timedelta, meanwhile: Callable[[], Awaitable[None]]
    ) -> Gathered:
        """Ask until an answer says that there is no more; `meanwhile` is done while none comes. Raises
        `DataplaneRevoked`.

        `Memory.revision` and `epoch` move only past what was taken, and a full listing only counts whole: dying in the
        middle of one, or a broken document in it, means being told again."""
        gathered = Gathered(memory)
        listing: _Listing | None = None
        since, epoch = memory.revision, memory.epoch
        while True:
            poll = Poll(since, epoch, self._event_cursor, wait, self._boot, report, self._unlisted)
            answer = await self._poller.ask(poll, meanwhile)
            self._unlisted = ()
            if answer.resync and (listing is None or listing.epoch != answer.epoch):
                listing = _Listing(answer.epoch)
            self._take(gathered, answer, listing)
            if not answer.more:
                if listing is not None:
                    self._unlisted = _unlisted(gathered.memory, listing)
                return _finished(gathered, answer, listing)
            since, epoch, wait = answer.revision, answer.epoch, timedelta(0)

    def _take(self, gathered: Gathered, answer: Answer, listing: _Listing | None) -> None:
        opened = self._opener.open(answer, gathered.memory.delivery_keys)
        taken = intake.take(gathered.memory, answer, opened, listing=listing is not None, now=self._clock.now())
        gathered.memory = taken.memory
        gathered.broken |= taken.broken
        if taken.gap is not None:
            gathered.gap = taken.gap if gathered.gap is None else min(gathered.gap, taken.gap)
        gathered.events += answer.events
        self._event_cursor = answer.event_cursor
        if listing is not None:
            listing.revoked.update(jti for jti, _ in answer.revocations)
            listing.slots.update(intake.slot_of_received(received) for received in answer.received)
            listing.secrets |= opened.secrets


def _unlisted(memory: Memory, listing: _Listing) -> tuple[tuple[str, datetime], ...]:
    """The revocations that a store restored to an earlier time may have lost: it is told of them."""
    held = (each for each in memory.revocations.items() if each[0] not in listing.revoked)
    return tuple(islice(held, UNLISTED_AT_ONCE))


def _finished(gathered: Gathered, answer: Answer, listing: _Listing | None) -> Gathered:
    if listing is None:
        revision = answer.revision if gathered.gap is None else min(answer.revision, gathered.gap - 1)
        gathered.memory = intake.reached(gathered.memory, revision=revision, epoch=answer.epoch)
    elif gathered.gap is None:
        whole = intake.drop_unlisted(gathered.memory, frozenset(listing.slots))
        whole = intake.forget_secrets_beyond(whole, listing.secrets)
        gathered.memory = intake.reached(whole, revision=answer.revision, epoch=answer.epoch)
    return gathered
