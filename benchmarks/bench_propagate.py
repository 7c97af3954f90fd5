"""How soon a stored change is with every agent that waits for it, and is served by Envoy; beside a watch of etcd."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.agents import enrol, put_workspace_document
from benchmarks.documents import workspace_document
from benchmarks.gateway import Prober, agent, gateway
from benchmarks.peers import absence, etcd
from benchmarks.plane import make_home, served
from benchmarks.processes import CannotMeasure, Cores, on_core, two_cores
from benchmarks.report import Report, Table, at_most, not_measured, within
from benchmarks.samples import percentile, ratio
from benchmarks.session import main, progress
from benchmarks.watching import Change, Crowd, LongPollers, Watchers

OURS, THEIRS = "agents, long poll", "etcd watchers"
SHARES: Final = {"first": 0.0, "p50": 0.5, "p99": 0.99, "last": 1.0}
RECEIVED_MS: Final = {"p50": 50, "p99": 250}
OF_ETCD: Final = 3
EFFECTIVE_P99_MS: Final = 500

Changes = dict[str, list[Change]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The goals are about the defaults; less is for trying."""
    parser.add_argument("--agents", type=int, default=1000, help="that long-poll, and as many watchers; 0: none")
    parser.add_argument("--repetitions", type=int, default=10, help="changes of each server, interleaved")
    parser.add_argument("--changes", type=int, default=60, help="of the document a real Envoy serves; 0: none")


def run(options: argparse.Namespace) -> Report:
    """Raises CannotMeasure."""
    report = Report("propagate", f"a change received by {options.agents} waiting agents, and served by Envoy")
    cores = two_cores()
    with tempfile.TemporaryDirectory(prefix="bench-propagate-") as folder:
        if options.agents:
            _receive(report, options, cores, Path(folder))
        if options.changes:
            _take_effect(report, options.changes, cores, Path(folder))
    return report


def _receive(report: Report, options: argparse.Namespace, cores: Cores, folder: Path) -> None:
    report.absent = absence("etcd")
    _room_for(options.agents)
    with contextlib.ExitStack() as stack:
        plane = stack.enter_context(served(asyncio.run(make_home(folder / "crowd", 10)), cores.server))
        document = workspace_document(9, "upstream-model")
        put_workspace_document(plane, document)
        peer = None if report.absent else stack.enter_context(etcd(folder, cores.server))
        report.commands += [plane.server.command, *([peer.server.command] if peer else [])]
        progress(f"enrolling {options.agents} agents")
        identities = enrol(plane, options.agents)

        async def changed() -> Changes:
            waiting: dict[str, LongPollers | Watchers] = {OURS: await LongPollers(plane, identities).open()}
            if peer:
                waiting[THEIRS] = await Watchers(peer, options.agents, len(document)).open()
            try:
                return await _interleaved(waiting, options.repetitions)
            finally:
                for crowd in waiting.values():
                    crowd.close()

        with on_core(cores.load):
            changes = uvloop.run(changed())
    _tell_received(report, options, changes)


def _take_effect(report: Report, count: int, cores: Cores, folder: Path) -> None:
    home = asyncio.run(make_home(folder / "gateway", 10))
    with contextlib.ExitStack() as stack:
        plane = stack.enter_context(served(home, cores.server))
        real = stack.enter_context(gateway(plane, home.folder, cores))
        started = stack.enter_context(agent(plane, home.folder, cores))
        report.commands.append(started.command)

        async def changed() -> list[Change]:
            prober = await Prober(real).open()
            try:
                progress(f"{count} changes of what Envoy serves")
                return [await prober.change(version) for version in range(1, count + 1)]
            finally:
                prober.close()

        with on_core(cores.load):
            changes = uvloop.run(changed())
    _tell_effective(report, changes)


async def _interleaved(crowds: Mapping[str, Crowd], repetitions: int) -> Changes:
    """One change of each in turn; the first of each is warm-up."""
    changes: Changes = {name: [] for name in crowds}
    for repetition in range(repetitions + 1):
        progress(f"change {repetition} of {repetitions}")
        for name, crowd in crowds.items():
            change = await crowd.change()
            if repetition:
                changes[name].append(change)
            await asyncio.sleep(0.5)
    return changes


def _tell_received(report: Report, options: argparse.Namespace, changes: Changes) -> None:
    report.tables.append(_table(options, changes))
    report.notes += [
        "`commit` is when the answer of TriggerUpdate, or of put, was here; ratios set ours from the commit beside "
        "etcd's from the call, whose watchers often hear of a put before its caller does",
        "agents poll again when they were asked to and neither acknowledge nor apply; a change is a new version and "
        "an event an agent",
    ]
    ours, theirs = _each(changes[OURS], Change.after_commit_ms), _each(changes.get(THEIRS, []), Change.after_call_ms)
    for share, goal in RECEIVED_MS.items():
        report.verdicts.append(within(f"received {share}", statistics.median(ours[share]), goal, "ms"))
    for share in RECEIVED_MS:
        name = f"received {share} / etcd"
        if theirs[share]:
            report.verdicts.append(at_most(name, ratio(ours[share], theirs[share]), OF_ETCD))
        else:
            report.verdicts.append(not_measured(name, "etcd is not installed", f"≤ {OF_ETCD}"))


def _tell_effective(report: Report, changes: Sequence[Change]) -> None:
    table = Table(
        f"ms, over {len(changes)} changes of a document, to the first answer that Envoy gives by it",
        ("from", *SHARES),
    )
    figures = {
        "the call": [change.after_call_ms()[0] for change in changes],
        "the commit": [change.after_commit_ms()[0] for change in changes],
    }
    for start, times in figures.items():
        table.rows.append((start, *(percentile(times, share) for share in SHARES.values())))
    report.tables.append(table)
    report.notes.append(
        "a change goes through control plane, agent and Envoy on one core; the client asks without pause"
    )
    worst = percentile(figures["the commit"], SHARES["p99"])
    report.verdicts.append(within("effective in Envoy p99", worst, EFFECTIVE_P99_MS, "ms"))


def _table(options: argparse.Namespace, changes: Changes) -> Table:
    after_commit = [f"commit to {share}" for share in SHARES]
    table = Table(
        f"ms, median of {options.repetitions} changes that each reach {options.agents}",
        ("receivers", "server CPU", "call to commit", *after_commit, "call to p50", "call to p99"),
    )
    for name, made in changes.items():
        stored = [(change.committed_at - change.called_at) * 1000 for change in made]
        commit, call = _each(made, Change.after_commit_ms), _each(made, Change.after_call_ms)
        figures = [[change.cpu_ms for change in made], stored, *commit.values(), call["p50"], call["p99"]]
        table.rows.append((name, *map(statistics.median, figures)))
    return table


def _each(changes: Sequence[Change], times: Callable[[Change], list[float]]) -> dict[str, list[float]]:
    """Of every change its percentiles."""
    return {name: [percentile(times(change), share) for change in changes] for name, share in SHARES.items()}


def _room_for(agents: int) -> None:
    """File descriptors for both crowds, here and in the servers that are started from here."""
    wanted = 2 * agents + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise CannotMeasure(f"{wanted} open files are needed and {hard} allowed: raise `ulimit -Hn`, or use --agents")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main(__doc__, add_options, run)
