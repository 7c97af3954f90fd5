"""How many acknowledgements and completions a second one process takes, from many agents at once and from one alone."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from benchmarks.processes import CannotMeasure, on_core, two_cores
from benchmarks.report import Report, Table
from benchmarks.samples import ratio
from benchmarks.session import main, progress
from benchmarks.workspaces import (
    INSTALL_POSTGRES,
    POSTGRES,
    Databases,
    Measured,
    add_dataplanes,
    databases,
    on_one_loop,
    seconds_of,
    workspace,
)
from controlplane.domain.callers import DataplaneCaller

USERS: Final = 10
BOOT: Final = ev.Boot(counter=1, nonce="0123456789abcdef")
ACKS, COMPLETIONS = "acknowledgements", "completions"
ALONE, AT_ONCE = "one after another", "all agents at once"

Rates = dict[tuple[str, str], list[float]]  # a second, by what and how


def add_options(parser: argparse.ArgumentParser) -> None:
    """Less is for trying."""
    parser.add_argument("--repetitions", type=int, default=5, help="of everything, interleaved")
    parser.add_argument("--agents", type=int, default=300, help="data planes, each with a call under way")
    parser.add_argument("--slots", type=int, default=3, help="of each data plane that change, a repetition")
    parser.add_argument("--alone", type=int, default=50, help="events that are worked on one after another")


def run(options: argparse.Namespace) -> Report:
    """Raises CannotMeasure."""
    report = Report("acks", f"events acknowledged and completed by {options.agents} data planes")
    cores = two_cores()
    folder = tempfile.TemporaryDirectory(prefix="bench-acks-")
    with folder as name, databases(Path(name), cores.load) as made, on_core(cores.server):
        for kind in made.kinds:
            _fill(report, kind, on_one_loop(_measure(made, kind, options)))
        if POSTGRES not in made.kinds:
            report.absent.append(INSTALL_POSTGRES)
    report.notes += [
        "measured inside the control plane's process, behind the seam; nothing is lost on a wire",
        f"at once: each of {options.agents} agents has one call under way, {options.slots} events each",
        "PostgreSQL runs on the other core, as the tests run it: it waits for no disk (fsync off), SQLite does",
    ]
    return report


@dataclass(slots=True)
class _Round:
    """What changed, and what each agent has to do about it."""

    place: Measured
    newest: dict[str, conf.Configuration]
    tokens: dict[str, int] = field(default_factory=dict)

    async def acknowledge(self, caller: DataplaneCaller, event: ev.Event) -> None:
        taken = await self.place.call(ev.AcknowledgeEventRequest(event_id=event.id, boot=BOOT), caller)
        self.tokens[event.id] = taken.event.fencing_token

    async def complete(self, caller: DataplaneCaller, event: ev.Event) -> None:
        newest = self.newest[event.user_id]
        done = ev.CompleteEventRequest(
            event_id=event.id,
            outcome=ev.EVENT_OUTCOME_APPLIED,
            version=newest.version,
            digest=newest.digest,
            fencing_token=self.tokens[event.id],
        )
        ended = (await self.place.call(done, caller)).event
        if ended.status != ev.EVENT_STATUS_APPLIED:
            raise CannotMeasure(f"a completion brought the event to {ev.EventStatus.Name(ended.status)}")


Work = tuple[DataplaneCaller, Sequence[ev.Event]]
Step = Callable[[DataplaneCaller, Any], Awaitable[None]]


async def _measure(made: Databases, kind: str, options: argparse.Namespace) -> Rates:
    rates: Rates = {(what, how): [] for what in (ACKS, COMPLETIONS) for how in (ALONE, AT_ONCE)}
    async with _place(made, kind, options.agents) as (place, callers):
        for turn in range(options.repetitions):
            progress(f"{kind}: repetition {turn + 1} of {options.repetitions}")
            round_, work = await _changed(place, callers, options.slots)
            few = options.alone // options.slots or 1
            for what, step in ((ACKS, round_.acknowledge), (COMPLETIONS, round_.complete)):
                rates[what, ALONE].append(await _rate(step, work[:few], at_once=False))
                rates[what, AT_ONCE].append(await _rate(step, work[few:], at_once=True))
    return rates


@contextlib.asynccontextmanager
async def _place(made: Databases, kind: str, agents: int) -> AsyncIterator[tuple[Measured, list[DataplaneCaller]]]:
    progress(f"{kind}: making {agents} data planes")
    async with workspace(made.new(kind), USERS) as place:
        yield place, await add_dataplanes(place, agents)


async def _changed(place: Measured, callers: Sequence[DataplaneCaller], slots: int) -> tuple[_Round, list[Work]]:
    """Some users' documents change; the events of each data plane, as it polls them."""
    for number in range(slots):
        await place.change(f"user-{number:05}")
    await place.plane.feed.refresh(place.workspace_id, whole=True)
    work: list[Work] = []
    newest: dict[str, conf.Configuration] = {}
    for caller in callers:
        answer = await place.call(conf.GetConfigurationRequest(boot=BOOT), caller)
        newest |= {each.user_id: each for each in answer.configurations}
        if len(answer.pending_events) != slots:
            raise CannotMeasure(f"{len(answer.pending_events)} events wait where {slots} slots changed")
        work.append((caller, answer.pending_events))
    return _Round(place, newest), work


async def _rate(step: Step, work: Sequence[Work], *, at_once: bool) -> float:
    """Events a second."""

    async def one(caller: DataplaneCaller, events: Sequence[ev.Event]) -> None:
        for event in events:
            await step(caller, event)

    async def all_of_them() -> None:
        if at_once:
            await asyncio.gather(*(one(*each) for each in work))
        else:
            for each in work:
                await one(*each)

    return sum(len(events) for _, events in work) / await seconds_of(all_of_them())


def _fill(report: Report, kind: str, rates: Rates) -> None:
    table = Table(f"{kind}, median of the repetitions, a second", ("what", ALONE, AT_ONCE))
    for what in (ACKS, COMPLETIONS):
        table.rows.append((what, *(statistics.median(rates[what, how]) for how in (ALONE, AT_ONCE))))
        of_one = ratio(rates[what, AT_ONCE], rates[what, ALONE])
        report.notes.append(f"{kind}: {what}, at once / one after another: {of_one}")
    report.tables.append(table)


if __name__ == "__main__":
    main(__doc__, add_options, run)
