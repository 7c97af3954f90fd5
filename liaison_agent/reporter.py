"""Tells the control plane: what runs, what was refused, what is owed; and the operator's log, one line a change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from contract.report_words import MOST_OUTAGES, MOST_WARNINGS, clipped
from contract.unsupported import not_supported
from liaison_agent.memory import Completion, Memory, Tombstone
from liaison_agent.planner import is_refused, is_supported
from liaison_agent.ports import Clock, ControlPlane, ControlPlaneError, ControlPlaneRefused, Outage, Report
from liaison_agent.state import WORKSPACE_SLOT

AT_ONCE = 16
SLOTS_REPORTED = 1000
LINES_A_CHANGE = 20

_log = logging.getLogger(__name__)
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Delivered:
    """Completions that need not be sent again, `settled`, of which some were not wanted any more, `refused`; and the
    first failure that stopped the rest (None: all were sent)."""

    settled: frozenset[Completion]
    refused: frozenset[Completion]
    failure: ControlPlaneError | None


class Reporter:
    """`agent_version` is the installed product's; `outages` are the present ones."""

    def __init__(
        self, control: ControlPlane, clock: Clock, agent_version: str, outages: Callable[[], Iterable[Outage]] = tuple
    ) -> None:
        self._control = control
        self._clock = clock
        self._agent_version = agent_version
        self._outages = outages
        self._stale_since: datetime | None = None

    def report(self, memory: Memory, *, envoy_version: str, ledger_lost: bool, warnings: Iterable[str] = ()) -> Report:
        """What to say with the next poll."""
        running: list[tuple[str, int]] = []
        stale, running_revision = False, memory.revision
        rejected = [(one.slot, one.version, one.reason, one.workspace_version) for one in memory.rejections.values()]
        for slot, known in memory.slots.items():
            if not is_supported(slot):
                rejected.append((slot, known.newest.version, not_supported(slot), 0))
            differs = known.good is not known.newest and not (
                known.good is None and isinstance(known.newest, Tombstone)
            )
            stale = stale or differs
            if differs and is_supported(slot) and not is_refused(memory, slot):
                running_revision = min(running_revision, known.newest.revision - 1)
            if known.good and (differs or slot == WORKSPACE_SLOT):
                running.append((slot, known.good.version))
        self._stale_since = (self._stale_since or self._clock.now()) if stale else None
        return Report(
            agent_version=self._agent_version,
            envoy_version=envoy_version,
            received_revision=memory.revision,
            running=tuple(sorted(running)[:SLOTS_REPORTED]),
            rejected=tuple(sorted(rejected)[:SLOTS_REPORTED]),
            serving_stale_since=self._stale_since,
            ledger_lost=ledger_lost,
            warnings=_told(tuple(dict.fromkeys(warnings))),
            reverted=tuple(one for _, one in sorted(memory.reverts.items()))[:SLOTS_REPORTED],
            running_revision=max(running_revision, 0),
            outages=tuple((user, name, clipped(why)) for user, name, why in sorted(self._outages())[:MOST_OUTAGES]),
        )

    async def deliver(self, outbox: tuple[Completion, ...]) -> Delivered:
        """Send every completion, oldest first, some at once; a refused one is final and settles it too."""
        settled: set[Completion] = set()
        refused: set[Completion] = set()

        async def send(completion: Completion) -> None:
            try:
                await self._control.complete(completion)
            except ControlPlaneRefused as error:
                if error.is_about_us:
                    raise
                _log.info("the end of event %s of %s is not wanted: %s", completion.event_id, completion.slot, error)
                refused.add(completion)
            settled.add(completion)

        failure = await each(outbox, send)
        return Delivered(frozenset(settled), frozenset(refused), failure)


def _told(warnings: tuple[str, ...]) -> tuple[str, ...]:
    """As many and as long as a report takes; what is cut says so."""
    if len(warnings) > MOST_WARNINGS:
        left = len(warnings) - MOST_WARNINGS + 1
        warnings = (*warnings[: MOST_WARNINGS - 1], f"{left} more warnings are not told here")
    return tuple(map(clipped, warnings))


async def each(items: Iterable[_Item], do: Callable[[_Item], Awaitable[None]]) -> ControlPlaneError | None:
    """Do it for every item, at most AT_ONCE at a time; the first error stops those not yet begun."""
    waiting = iter(tuple(items))
    failures: list[ControlPlaneError] = []

    async def work() -> None:
        for item in waiting:
            if failures:
                return
            try:
                await do(item)
            except ControlPlaneError as error:
                failures.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return failures[0] if failures else None


def log_changes(before: Memory, after: Memory) -> None:
    """One line for each change that was applied or refused; a sum where they are many."""
    lines = [
        f"applied {slot} version {known.newest.version}"
        for slot, known in after.slots.items()
        if known.good is not before.good(slot)
    ]
    if len(lines) > LINES_A_CHANGE:
        lines = [f"applied {len(lines)} changes up to revision {after.revision}"]
    for line in lines:
        _log.info(line)
    for slot, one in after.rejections.items():
        if before.rejections.get(slot) != one:
            _log.warning("refused %s version %d, what served before stays: %s", slot, one.version, one.reason)
