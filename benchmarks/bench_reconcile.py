"""What ReconcileWorkspace costs: with how much differs it grows, with how much there is it does not."""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from agentrouter.configurator.v1.slots_pb2 import ReconcileWorkspaceRequest
from benchmarks.processes import CannotMeasure, on_core, two_cores
from benchmarks.report import Report, Table, at_most
from benchmarks.samples import ratio
from benchmarks.session import main, progress
from benchmarks.workspaces import (
    INSTALL_POSTGRES,
    POSTGRES,
    Databases,
    Measured,
    databases,
    on_one_loop,
    seconds_of,
    workspace,
)

NOTHING_STALE: Final = 2.0
SMALL, LARGE = 100, 10_000
STALLED: Final = timedelta(minutes=6)

Case = tuple[int, int]  # slots, and how many of them are stale
CASES: Final[tuple[Case, ...]] = ((SMALL, 0), (LARGE, 0), (LARGE, 10), (LARGE, 1000))
Times = dict[Case, list[float]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The goals are about the defaults; less is for trying."""
    parser.add_argument("--repetitions", type=int, default=5, help="of everything, interleaved")
    parser.add_argument("--calls", type=int, default=20, help="where nothing is stale, a repetition")


def run(options: argparse.Namespace) -> Report:
    """Raises CannotMeasure."""
    report = Report("reconcile", f"ReconcileWorkspace with 0, 10 and 1,000 of {LARGE:,} slots stale")
    cores = two_cores()
    folder = tempfile.TemporaryDirectory(prefix="bench-reconcile-")
    with folder as name, databases(Path(name), cores.load) as made, on_core(cores.server):
        for kind in made.kinds:
            _fill(report, kind, on_one_loop(_measure(made, kind, options)))
        if POSTGRES not in made.kinds:
            report.absent.append(INSTALL_POSTGRES)
    report.notes += [
        "measured inside the control plane's process, behind the seam; one data plane",
        "a stale slot is one whose event nobody took for six minutes; each gets a new event, the old one is superseded",
        "PostgreSQL runs on the other core, as the tests run it: it waits for no disk (fsync off), SQLite does",
    ]
    return report


async def _measure(made: Databases, kind: str, options: argparse.Namespace) -> Times:
    """Milliseconds a call, by case."""
    times: Times = {case: [] for case in CASES}
    async with contextlib.AsyncExitStack() as stack:
        places: dict[int, Measured] = {}
        for size in (SMALL, LARGE):
            progress(f"{kind}: making a workspace of {size:,} slots")
            places[size] = await stack.enter_async_context(workspace(made.new(kind), size))
        for turn in range(options.repetitions):
            progress(f"{kind}: repetition {turn + 1} of {options.repetitions}")
            for case in CASES if turn % 2 == 0 else reversed(CASES):
                times[case].append(await _one(places[case[0]], case[1], options.calls))
    return times


async def _one(place: Measured, stale: int, calls: int) -> float:
    """The median of several calls where nothing is stale, else one call, after which everything is applied again."""
    if not stale:
        return statistics.median([await _reconcile(place, 0) for _ in range(calls)])
    for number in range(stale):
        await place.change(f"user-{number:05}")
    await place.age_events(STALLED)
    milliseconds = await _reconcile(place, stale)
    await place.settle()
    return milliseconds


async def _reconcile(place: Measured, expected: int) -> float:
    answers = []

    async def call() -> None:
        answers.append(await place.call(ReconcileWorkspaceRequest(workspace_id=place.workspace_id)))

    seconds = await seconds_of(call())
    if answers[0].enqueued_count != expected:
        raise CannotMeasure(f"{answers[0].enqueued_count} slots were found, where {expected} are stale")
    return seconds * 1000


def _fill(report: Report, kind: str, times: Times) -> None:
    table = Table(f"{kind}, median of the repetitions", ("slots", "stale", "ms a call", "ms a stale slot"))
    for (slots, stale), measured in times.items():
        each = statistics.median(measured)
        table.rows.append((f"{slots:,}", f"{stale:,}", each, each / stale if stale else "-"))
    report.tables.append(table)
    nothing = ratio(times[LARGE, 0], times[SMALL, 0])
    report.verdicts.append(
        at_most(f"{kind}: nothing stale among {LARGE:,} slots / among {SMALL:,}", nothing, NOTHING_STALE)
    )


if __name__ == "__main__":
    main(__doc__, add_options, run)
