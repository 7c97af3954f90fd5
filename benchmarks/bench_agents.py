"""Ten thousand agents hang on one process: what each costs, how soon all are awake, how they come back at once."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Final

import uvloop

from agentrouter.configurator.v1 import configurations_pb2 as conf
from benchmarks.agents import put_workspace_document
from benchmarks.crowd import Agents, enrolled, until
from benchmarks.documents import workspace_document
from benchmarks.http1 import Caller, request, request_head
from benchmarks.plane import Home, Served, make_home, served
from benchmarks.processes import CannotMeasure, Cores, free_ports, on_core, room_for_files, two_cores
from benchmarks.report import Report, Table, within
from benchmarks.samples import percentile
from benchmarks.session import main, progress
from benchmarks.watching import until_hanging
from controlplane.transport.http_app import CONFIGURATOR

KIB_A_WAITER, AWAKE_S, BACK_S, IDLE_PERCENT, TIMES_MEMORY = 20, 1.5, 60, 3, 2
IDLE_SECONDS: Final = 8.0
WITHIN: Final = 120.0
FIRST: Final = 200
STEP: Final = 10_000
SPARE_FILES: Final = 1000
HANGING: Final = 0.9


def add_options(parser: argparse.ArgumentParser) -> None:
    """The goals are about the defaults; less is for trying."""
    parser.add_argument("--agents", type=int, default=10_000, help="that hang at once")
    parser.add_argument("--repetitions", type=int, default=5, help="times that all are woken")
    parser.add_argument("--most", type=int, default=0, help="go on to add agents up to so many; 0: not")


def run(options: argparse.Namespace) -> Report:
    """Raises CannotMeasure."""
    most = max(options.agents, options.most)
    allowed = room_for_files(most + SPARE_FILES) - SPARE_FILES
    if allowed < options.agents:
        raise CannotMeasure(f"{allowed} open files are allowed: raise `ulimit -Hn`, or use --agents")
    report = Report("agents", f"{options.agents:,} agents in long polls on one process")
    if allowed < most:
        report.notes.append(f"`ulimit -Hn` ends the search at {allowed:,} agents")
    with tempfile.TemporaryDirectory(prefix="bench-agents-") as folder:
        home = asyncio.run(make_home(Path(folder) / "home", 10))
        progress(f"enrolling {min(most, allowed):,} agents")
        identities = asyncio.run(enrolled(home, min(most, allowed)))
        grpc_port, http_port = free_ports(2)
        measurement = _Measurement(report, options, home, two_cores(), (grpc_port, http_port))
        with on_core(measurement.cores.load):
            uvloop.run(measurement.take(Agents(identities, http_port), min(most, allowed)))
    return report


class _Measurement:
    """One run: the crowd stays, the control plane is restarted under it."""

    def __init__(
        self, report: Report, options: argparse.Namespace, home: Home, cores: Cores, ports: tuple[int, int]
    ) -> None:
        self.report = report
        self.cores = cores
        self._options = options
        self._home = home
        self._ports = ports

    async def take(self, agents: Agents, most: int) -> None:
        """Every phase in turn."""
        try:
            with ExitStack() as stack:
                plane = stack.enter_context(self._served())
                self.report.commands.append(plane.server.command)
                await asyncio.to_thread(put_workspace_document, plane, workspace_document(9, "upstream-model"))
                steady = await self._hang(plane, agents)
                await self._wake(plane, agents)
                agents.moments.begin()
                stack.pop_all().close()  # SIGTERM: it drains, and the agents are cut off
                plane = stack.enter_context(self._served())
                await self._return(plane, agents, steady)
                if most > self._options.agents:
                    await self._add(plane, agents, most)
                if refused := plane.refused():
                    self.report.notes.append(f"refused after the restart: {refused}")
        finally:
            agents.close()

    def _served(self) -> AbstractContextManager[Served]:
        return served(self._home, self.cores.server, ports=self._ports)

    async def _hang(self, plane: Served, agents: Agents) -> int:
        """Memory a waiter and idle CPU; the memory, in bytes, at rest."""
        count, first = self._options.agents, min(FIRST, self._options.agents // 10)
        await agents.open(first)  # whatever is needed once is there after them
        await self._all_hang(plane, agents, first)
        before = plane.server.memory_bytes()
        progress(f"{count:,} agents connect")
        began_at = time.perf_counter()
        await agents.open(count)
        await until(count, lambda: agents.moments.answered, WITHIN, "polls were answered of")
        await self._all_hang(plane, agents, count)
        opened = time.perf_counter() - began_at
        steady = plane.server.memory_bytes()
        cpu = plane.server.cpu_seconds()
        await asyncio.sleep(IDLE_SECONDS)
        idle = (plane.server.cpu_seconds() - cpu) / IDLE_SECONDS * 100
        kib = (steady - before) / (count - first) / 1024
        self.report.tables.append(
            Table(
                "at rest",
                ("agents", "s until all hang", "put off", "KiB a waiter", "idle CPU %", "MiB"),
                [(count, opened, agents.moments.put_off, kib, idle, steady / 2**20)],
            )
        )
        self.report.verdicts.append(within("memory a waiter", kib, KIB_A_WAITER, "KiB"))
        self.report.verdicts.append(within("idle CPU", idle, IDLE_PERCENT, "% of a core"))
        return steady

    async def _wake(self, plane: Served, agents: Agents) -> None:
        table = Table(
            "s, all woken by one change, an event each",
            ("call to commit", "commit to p50", "commit to p99", "commit to last", "server CPU", "MiB after"),
        )
        count, caller = self._options.agents, await Caller(plane.http_port).open()
        head = request_head("POST", f"{CONFIGURATOR}TriggerUpdate", self._headers())
        body = conf.TriggerUpdateRequest(workspace_id=self._home.workspace_id, force=True).SerializeToString()
        for repetition in range(self._options.repetitions):
            await self._all_hang(plane, agents, count)
            progress(f"waking all, {repetition + 1} of {self._options.repetitions}")
            moments, cpu, called_at = agents.moments, plane.server.cpu_seconds(), time.perf_counter()
            moments.begin()
            answer = await caller.call(request(head, body))
            if answer.status != 200:
                raise CannotMeasure(f"TriggerUpdate was answered {answer.status}: {answer.body[:200]!r}")
            await until(count, lambda: agents.moments.received, WITHIN, "a change reached")
            after = [at - answer.at for at in moments.received]
            spent, used = plane.server.cpu_seconds() - cpu, plane.server.memory_bytes() / 2**20
            shares = (percentile(after, 0.5), percentile(after, 0.99), max(after))
            table.rows.append((answer.at - called_at, *shares, spent, used))
        caller.close()
        self.report.tables.append(table)
        last = statistics.median(float(row[3]) for row in table.rows)
        self.report.verdicts.append(within("all awake after the commit", last, AWAKE_S, "s"))

    async def _return(self, plane: Served, agents: Agents, steady: int) -> None:
        """The control plane is here again, and so are all of them."""
        began_at, count, peak = time.perf_counter(), self._options.agents, 0
        progress("all come back")
        while len(agents.moments.answered) < count and time.perf_counter() < began_at + WITHIN:
            peak = max(peak, plane.server.memory_bytes())
            await asyncio.sleep(0.1)
        if len(agents.moments.answered) < count:
            raise CannotMeasure(f"only {len(agents.moments.answered)} came back: {agents.moments.problem}")
        await self._all_hang(plane, agents, count)
        took = [at - began_at for at in agents.moments.answered]
        p99 = percentile(took, 0.99)
        self.report.tables.append(
            Table(
                "s, all back after a restart",
                ("p50", "p99", "last", "put off", "server CPU", "peak MiB", "revisions"),
                [
                    (
                        percentile(took, 0.5),
                        p99,
                        max(took),
                        agents.moments.put_off,
                        plane.server.cpu_seconds(),
                        peak / 2**20,
                        len(agents.revisions()),
                    )
                ],
            )
        )
        self.report.verdicts.append(within("back after a restart p99", p99, BACK_S, "s"))
        self.report.verdicts.append(within("peak memory of the return", peak / steady, TIMES_MEMORY, "x at rest"))
        if len(agents.revisions()) != 1:
            raise CannotMeasure(f"agents came back to different revisions: {sorted(agents.revisions())}")

    async def _add(self, plane: Served, agents: Agents, most: int) -> None:
        """More of them, until something gives way."""
        table = Table("more agents", ("agents", "s until all hang", "put off", "MiB"))
        for count in [*range(self._options.agents + STEP, most, STEP), most]:
            progress(f"{count:,} agents")
            began_at, put_off = time.perf_counter(), agents.moments.put_off
            try:
                await agents.open(count)
                await self._all_hang(plane, agents, count)
            except CannotMeasure as limit:
                self.report.notes.append(f"{count:,} agents are too many: {limit} {agents.moments.problem}")
                break
            opened, late = time.perf_counter() - began_at, agents.moments.put_off - put_off
            table.rows.append((count, opened, late, plane.server.memory_bytes() / 2**20))
        self.report.tables.append(table)

    async def _all_hang(self, plane: Served, agents: Agents, count: int) -> None:
        metrics = await Caller(plane.http_port).open()
        try:
            # The control plane spreads the next polls of a crowd that it woke: some are missing for a moment.
            await until_hanging(metrics, round(count * HANGING), lambda: agents.moments.problem)
        finally:
            metrics.close()

    def _headers(self) -> dict[str, str]:
        return {"content-type": "application/proto", "authorization": f"Bearer {self._home.management_key}"}


if __name__ == "__main__":
    main(__doc__, add_options, run)
