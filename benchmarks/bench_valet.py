"""What one user's change costs among ten, a thousand and ten thousand, and how fast everything is compiled anew."""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
from pathlib import Path
from typing import Final

from agentrouter.configurator.v1.slots_pb2 import FullSyncWorkspaceRequest
from benchmarks.processes import on_core, two_cores
from benchmarks.report import Report, Table, Verdict, at_most
from benchmarks.samples import Ratio, ratio
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

ONE_CHANGE: Final = 1.3
USERS_A_SECOND: Final = 500
CHANGED_USERS: Final = 10

Times = dict[int, list[float]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The goals are about the defaults; less is for trying."""
    parser.add_argument("--repetitions", type=int, default=5, help="of everything, interleaved")
    parser.add_argument("--changes", type=int, default=50, help="of one user each, a repetition")
    parser.add_argument("--users", default="10,1000,10000", help="of the workspaces, separated by commas")


def run(options: argparse.Namespace) -> Report:
    """Raises CannotMeasure."""
    report = Report("valet", "one user's change compiled, stored and announced; everything compiled anew")
    sizes = [int(size) for size in options.users.split(",")]
    cores = two_cores()
    folder = tempfile.TemporaryDirectory(prefix="bench-valet-")
    with folder as name, databases(Path(name), cores.load) as made, on_core(cores.server):
        for kind in made.kinds:
            changes, syncs = on_one_loop(_measure(made, kind, sizes, options))
            _fill(report, kind, sizes, changes, syncs)
        if POSTGRES not in made.kinds:
            report.absent.append(INSTALL_POSTGRES)
    report.notes += [
        "measured inside the control plane's process, behind the seam; one data plane, whose events are made",
        "PostgreSQL runs on the other core, as the tests run it: it waits for no disk (fsync off), SQLite does",
        f"a change is of one of {CHANGED_USERS} users in turn; the ratio of FullSync is of users a second",
    ]
    return report


async def _measure(made: Databases, kind: str, sizes: list[int], options: argparse.Namespace) -> tuple[Times, Times]:
    """Milliseconds a change and seconds a full synchronisation, by size; every size in turn in each repetition."""
    changes: Times = {size: [] for size in sizes}
    syncs: Times = {size: [] for size in sizes}
    async with contextlib.AsyncExitStack() as stack:
        places: dict[int, Measured] = {}
        for size in sizes:
            progress(f"{kind}: making a workspace of {size:,} users")
            places[size] = await stack.enter_async_context(workspace(made.new(kind), size))
        for turn in range(options.repetitions):
            progress(f"{kind}: repetition {turn + 1} of {options.repetitions}")
            for size in sizes if turn % 2 == 0 else reversed(sizes):
                changes[size].append(await _one_change(places[size], options.changes))
                syncs[size].append(await seconds_of(_full_sync(places[size])))
                await places[size].settle()
    return changes, syncs


async def _one_change(place: Measured, times: int) -> float:
    seconds = [await seconds_of(place.change(f"user-{number % CHANGED_USERS:05}")) for number in range(times)]
    return statistics.median(seconds) * 1000


async def _full_sync(place: Measured) -> None:
    await place.stream(FullSyncWorkspaceRequest(workspace_id=place.workspace_id))


def _fill(report: Report, kind: str, sizes: list[int], changes: Times, syncs: Times) -> None:
    smallest, largest = min(sizes), max(sizes)
    table = Table(f"{kind}, median of the repetitions", ("users", "ms a change", "s a FullSync", "users/s"))
    rates = {size: [size / seconds for seconds in syncs[size]] for size in sizes}
    for size in sizes:
        cells = (statistics.median(each[size]) for each in (changes, syncs, rates))
        table.rows.append((f"{size:,}", *cells))
    report.tables.append(table)
    of_sizes = ratio(changes[largest], changes[smallest])
    name = f"{kind}: a change among {largest:,} / among {smallest:,} users"
    report.verdicts.append(at_most(name, of_sizes, ONE_CHANGE))
    rate = Ratio(statistics.median(rates[largest]), min(rates[largest]), max(rates[largest]))
    met = rate.median >= USERS_A_SECOND
    shown = f"{rate.median:,.0f} [{rate.least:,.0f}-{rate.most:,.0f}] users/s"
    report.verdicts.append(
        Verdict(f"{kind}: FullSync of {largest:,} users", rate.median, shown, f"≥ {USERS_A_SECOND} users/s", met)
    )
    middle = sorted(sizes)[len(sizes) // 2]
    linear = ratio(rates[middle], rates[largest])
    report.notes.append(f"{kind}: FullSync, users a second of {middle:,} / of {largest:,}: {linear}")


if __name__ == "__main__":
    main(__doc__, add_options, run)
