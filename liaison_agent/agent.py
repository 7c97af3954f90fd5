"""The loop of one data plane: serve the last known good, then ask, keep, take over, apply, conclude, for ever.

The order is the promise. Facts are durable before an event is acknowledged; what was proven and what is owed for it
are durable before the completion is sent. So a death between any two steps costs at most one more push, and no event is
lost or ends twice. Nothing the control plane does or fails to do stops the serving, but for a revocation said twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from liaison_agent import planner
from liaison_agent.applier import Applied, Applier
from liaison_agent.gatherer import Gathered, Gatherer
from liaison_agent.memory import Completion, HeldEvent, Memory, without
from liaison_agent.poller import HANG, Poller
from liaison_agent.ports import (
    Boot,
    Clock,
    ControlPlane,
    ControlPlaneError,
    ControlPlaneRefused,
    GatewayError,
    Ledger,
    LedgerError,
    PendingEvent,
)
from liaison_agent.reporter import Reporter, each, log_changes

LEASE_RENEWED_EVERY = 20.0
APPLY_TRIES = 3
PAUSE_BETWEEN_TRIES = 1.0
AT_ONCE = timedelta(0)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What an agent is made of."""

    control: ControlPlane
    ledger: Ledger
    clock: Clock
    poller: Poller
    gatherer: Gatherer
    applier: Applier
    reporter: Reporter
    announce: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Held:
    """An event that is ours; a full one asks to try everything again."""

    event: HeldEvent
    full: bool


class Agent:
    """One life of the agent. `envoy_left_running`: an Envoy of the life before still serves, so what it was being
    brought to is not rolled back; otherwise the last known good comes first."""

    def __init__(self, parts: Parts, *, workspace_id: str, boot: Boot, envoy_left_running: bool) -> None:
        self._parts = parts
        self._boot = boot
        self._envoy_left_running = envoy_left_running
        self._memory = Memory(workspace_id)
        self._lost = False
        self._waiting: dict[str, PendingEvent] = {}
        self._problems: tuple[str, ...] = ()
        self._unsaved = False
        self._unapplied = True
        self._announced = False

    async def run(self) -> None:
        """Until cancelled. Raises `DataplaneRevoked`."""
        self._recall()
        await self._serve_what_served()
        while True:
            await self._round()

    def _recall(self) -> None:
        loaded = self._parts.ledger.load()
        for problem in loaded.problems:
            _log.warning("ledger: %s", problem)
        self._problems = tuple(f"ledger: {problem}" for problem in loaded.problems)
        memory = loaded.memory
        if memory is not None and memory.workspace_id != self._memory.workspace_id:
            memory, self._problems = None, (*self._problems, "ledger: it is another workspace's, and passed over")
        if memory is None:
            self._lost = True
            _log.warning("the ledger is lost: everything is asked for again, and nothing is served until it came")
            return
        self._memory = replace(memory, revision=0) if loaded.damaged else memory
        self._waiting = {one.id: PendingEvent(one.id, one.slot, one.version) for one in memory.held.values()}

    async def _serve_what_served(self) -> None:
        """Before the control plane is asked, and again while Envoy does not come up, whether it answers or not."""
        if self._parts.applier.started or not self._memory.has_good:
            return
        plan = planner.plan_newest if self._envoy_left_running else planner.plan_last_known_good
        try:
            await self._parts.applier.serve(plan(self._memory))
        except GatewayError as error:
            _log.error("the last known good cannot be served yet, it is tried again: %s", error)
            return
        self._announce_serving()
        _log.info("serving the last known good, revision %d", self._memory.revision)

    async def _round(self) -> None:
        """One question and everything that follows from it."""
        poller = self._parts.poller
        await self._serve_what_served()
        if (failure := await self._deliver()) is not None:
            await poller.back_off(failure)
        gathered = await self._gather()
        failure = await self._deliver()
        ready = self._choose_ready(gathered)
        if not self._keep(self._wanting(ready)) or failure is not None:
            await poller.back_off(failure)
            return
        held, failure = await self._take_over(ready)
        applied = await self._work(held, gathered.broken)
        failure = await self._deliver() or failure
        if failure is not None or gathered.broken or self._unsaved or not applied:
            await poller.back_off(failure)
        else:
            poller.all_went_well()

    async def _gather(self) -> Gathered:
        warnings = (*self._problems, *self._parts.applier.warnings)
        if self._unsaved:
            warnings = ("the ledger cannot be written; what runs goes on running", *warnings)
        applier = self._parts.applier
        report = self._parts.reporter.report(
            self._memory, envoy_version=applier.envoy_version, ledger_lost=self._lost, warnings=warnings
        )
        gathered = await self._parts.gatherer.gather(self._memory, report, self._wait(), self._serve_what_served)
        if planner.differ(gathered.memory, self._memory):
            self._unapplied = True
        self._memory = gathered.memory
        self._waiting |= {event.id: event for event in gathered.events}
        return gathered

    def _wait(self) -> timedelta:
        """How long the next question may hang: not while there is something else to do."""
        if self._lost or self._unsaved or self._unapplied or self._memory.outbox or self._ready_ids():
            return AT_ONCE
        return HANG

    def _ready_ids(self) -> list[str]:
        return [event.id for event in self._waiting.values() if self._is_here(event)]

    def _is_here(self, event: PendingEvent) -> bool:
        """Whether it can be worked on."""
        return planner.has_come(self._memory, event.slot, event.version)

    def _choose_ready(self, gathered: Gathered) -> list[PendingEvent]:
        """One event a slot, the oldest first: its end covers the others."""
        chosen: dict[str, PendingEvent] = {}
        for event in self._waiting.values():
            if self._is_here(event) or event.slot in gathered.broken:
                chosen.setdefault(event.slot, event)
        return list(chosen.values())

    def _wanting(self, events: Sequence[PendingEvent]) -> Memory:
        """Remembering which events are about to be taken over, so that the next life asks for them at once."""
        fresh = {one.id: HeldEvent(one.id, one.slot, one.version, 0) for one in events}
        return self._memory.holding({key: one for key, one in fresh.items() if key not in self._memory.held})

    def _keep(self, memory: Memory) -> bool:
        """Make it durable; what runs goes on running when that fails, but nothing is claimed."""
        self._memory = memory
        try:
            self._parts.ledger.save(memory)
        except LedgerError as error:
            if not self._unsaved:
                _log.error("the ledger cannot be written, changes wait until it can: %s", error)
            self._unsaved = True
            return False
        self._unsaved = self._lost = False
        return True

    async def _deliver(self) -> ControlPlaneError | None:
        """Send what is owed, before anything is taken over. Returns what stopped it."""
        if not self._memory.outbox:
            return None
        delivered = await self._parts.reporter.deliver(self._memory.outbox)
        ended = frozenset(one.event_id for one in delivered.settled - delivered.refused)
        self._waiting = dict(without(self._waiting, ended))
        if delivered.settled:
            self._keep(self._memory.settled(delivered.settled))
        return delivered.failure

    async def _take_over(self, events: Sequence[PendingEvent]) -> tuple[list[_Held], ControlPlaneError | None]:
        """Acknowledge; returns the events that are ours now, and what kept the others from being asked."""
        held: list[_Held] = []

        async def acknowledge(event: PendingEvent) -> None:
            try:
                held.append(_Held(await self._parts.control.acknowledge(event.id, self._boot), event.full))
            except ControlPlaneRefused as error:
                if error.is_about_us:
                    raise
                _log.info("event %s of %s is not ours any more: %s", event.id, event.slot, error)
                self._waiting.pop(event.id, None)
                self._memory = self._memory.releasing(frozenset({event.id}))

        failure = await each(events, acknowledge)
        self._memory = self._memory.holding({one.event.id: one.event for one in held})
        return held, failure

    async def _work(self, held: Sequence[_Held], broken: Mapping[str, str]) -> bool:
        """Apply what is new, and owe an end for every event that is ours. False when nothing could be applied."""
        stuck = [one.event for one in held if one.event.slot in broken and not self._reached(one.event)]
        able = [one.event for one in held if one.event not in stuck]
        owed = [planner.failed_for_now(self._memory, event, broken[event.slot]) for event in stuck]
        before = self._memory
        if able or self._unapplied:
            try:
                async with self._leases_kept(able):
                    applied = await self._apply(able, everything=any(one.full for one in held))
            except GatewayError as error:
                _log.error("nothing could be applied: %s", error)
                self._unapplied = True
                owed += [planner.failed_for_now(self._memory, event, str(error)) for event in able]
            else:
                self._memory, self._unapplied = applied.memory, False
                owed += self._proven_as_kept(_naming_refusals(applied, held))
        self._waiting = dict(without(self._waiting, frozenset(one.event_id for one in owed)))
        if self._memory is not before or owed:
            self._keep(self._memory.owing(tuple(owed)))
            log_changes(before, self._memory)
        return not self._unapplied

    def _proven_as_kept(self, ends: Sequence[Completion]) -> list[Completion]:
        """Of slots that the gateway does not use yet, what is on the disk is the proof."""
        return [
            planner.proven_by_ledger(one, self._parts.ledger.digest_on_disk(one.slot))
            if one.applied and planner.is_only_kept(one.slot)
            else one
            for one in ends
        ]

    def _reached(self, event: HeldEvent) -> bool:
        newest = self._memory.newest(event.slot)
        return newest is not None and newest.version >= event.version

    async def _apply(self, events: Sequence[HeldEvent], *, everything: bool) -> Applied:
        memory = planner.retried(self._memory, events, everything=everything)
        for _ in range(APPLY_TRIES - 1):
            try:
                return await self._applied(memory, events)
            except GatewayError as error:
                _log.warning("applying is tried again: %s", error)
                await self._parts.clock.sleep(PAUSE_BETWEEN_TRIES)
        return await self._applied(memory, events)

    async def _applied(self, memory: Memory, events: Sequence[HeldEvent]) -> Applied:
        applied = await self._parts.applier.apply(memory, events)
        if self._parts.applier.started:
            self._announce_serving()
        return applied

    def _announce_serving(self) -> None:
        """Once, when something first serves; that may be a try after the one that started the gateway."""
        if not self._announced:
            self._announced = True
            self._parts.announce("serving")

    @contextlib.asynccontextmanager
    async def _leases_kept(self, events: Sequence[HeldEvent]) -> AsyncIterator[None]:
        renewal = asyncio.create_task(self._renew(events))
        try:
            yield
        finally:
            renewal.cancel()
            await asyncio.wait({renewal})  # not awaited itself: its cancellation and ours could not be told apart

    async def _renew(self, events: Sequence[HeldEvent]) -> None:
        """A lease that cannot be renewed is not our loss: the completion will be refused and the event comes again."""

        async def renew(event: HeldEvent) -> None:
            with contextlib.suppress(ControlPlaneError):
                await self._parts.control.acknowledge(event.id, self._boot)

        while True:
            await self._parts.clock.sleep(LEASE_RENEWED_EVERY)
            await each(events, renew)


def _naming_refusals(applied: Applied, held: Sequence[_Held]) -> list[Completion]:
    """The end of a full event says what it left undone in other slots."""
    full = {one.event.id for one in held if one.full}
    return [
        replace(one, rejected=planner.refused_elsewhere(applied.memory, one.slot)) if one.event_id in full else one
        for one in applied.completions
    ]
