"""How long until the first answer: of the whole product started from nothing, and of an agent that has its ledger."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.gateway import Gateway, Prober, agent, first_answer, gateway
from benchmarks.plane import make_home, served
from benchmarks.processes import CannotMeasure, Cores, Running, free_ports, on_core, python_module, running, two_cores
from benchmarks.report import Report, Table, within
from benchmarks.samples import percentile
from benchmarks.session import main, progress

PRODUCT_S: Final = 3.0
AGENT_S: Final = 1.0
STARTS_WITHIN: Final = 60.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """The goals are about the defaults; less is for trying."""
    parser.add_argument("--repetitions", type=int, default=5, help="starts of each")


def run(options: argparse.Namespace) -> Report:
    """Raises CannotMeasure."""
    report = Report("startup", "from the start of a process to the first chat completion through the gateway")
    cores = two_cores()
    with tempfile.TemporaryDirectory(prefix="bench-startup-") as folder, on_core(cores.load):
        product = [_product(report, Path(folder) / f"home-{turn}", cores) for turn in range(options.repetitions)]
        agents = _agents(report, Path(folder) / "agent", cores, options.repetitions)
    table = Table(f"seconds, {options.repetitions} starts", ("what", "least", "median", "most"))
    for name, seconds in (("`agentrouter run` from nothing", product), ("agent from its ledger", agents)):
        table.rows.append((name, min(seconds), statistics.median(seconds), percentile(seconds, 1)))
    report.tables.append(table)
    report.notes.append("everything that is started shares one core; the control plane is gone when the agent starts")
    report.verdicts += [
        within("`agentrouter run`, nothing to first answer", statistics.median(product), PRODUCT_S, "s"),
        within("agent, ledger to first answer", statistics.median(agents), AGENT_S, "s"),
    ]
    return report


def _product(report: Report, home: Path, cores: Cores) -> float:
    """One start in a new home, to the answer of its demo provider."""
    progress(f"agentrouter run in {home.name}")
    home.mkdir()
    grpc, http, port = free_ports(3)
    ports = [f"--grpc-port={grpc}", f"--http-port={http}", f"--gateway-port={port}"]
    command = python_module("agentrouter_cli.main", "run", f"--home={home}", *ports)
    nothing = dict.fromkeys(("OPENAI_API_KEY", "OPENAI_BASE_URL"), "")
    began = time.perf_counter()
    with running(command, core=cores.server, log=home / "run.log", environment=nothing) as product:
        answer = asyncio.run(_first_answer_of_run(home / "run.json", product))
        report.commands = [product.command]
        return answer - began


async def _first_answer_of_run(run_file: Path, product: Running) -> float:
    """The consumer key is in run.json, which is there as soon as there is something to ask."""
    deadline = time.perf_counter() + STARTS_WITHIN
    while True:
        with contextlib.suppress(OSError, ValueError):
            said = json.loads(await asyncio.to_thread(run_file.read_text))
            port = int(said["gateway"].rpartition(":")[2])
            return (await first_answer(port, said["consumer_key"], "demo")).at
        if product.process.poll() is not None or time.perf_counter() > deadline:
            raise CannotMeasure(f"`{product.command}` does not come up:\n{product.log.read_text()[-2000:]}")
        await asyncio.sleep(0.01)


async def _concluded(real: Gateway) -> None:
    """The first version is served, and the agent has written down that it is good."""
    prober = await Prober(real).open()
    prober.close()


def _agents(report: Report, folder: Path, cores: Cores, repetitions: int) -> list[float]:
    """Starts of an agent that served before, its Envoy ended with it, while no control plane is there to ask."""
    home = asyncio.run(make_home(folder, 10))
    seconds = []
    with contextlib.ExitStack() as stack:
        with served(home, cores.server) as plane:
            real = stack.enter_context(gateway(plane, folder, cores))
            with agent(plane, folder, cores) as started:
                report.commands.append(started.command)
                asyncio.run(_concluded(real))
        for turn in range(repetitions):
            progress(f"agent from its ledger, {turn + 1} of {repetitions}")
            began = time.perf_counter()
            with agent(plane, folder, cores, enrolled=True):
                answer = asyncio.run(first_answer(real.port, real.consumer_key, "model-0"))
                seconds.append(answer.at - began)
    return seconds


if __name__ == "__main__":
    main(__doc__, add_options, run)
