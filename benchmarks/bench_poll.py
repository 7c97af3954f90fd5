"""What an unchanged poll costs, on every wire, beside an empty handler on the same server and beside nginx."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from google.protobuf import json_format

from benchmarks.agents import Identity, Position, catch_up, enrol, put_workspace_document, unchanged
from benchmarks.documents import workspace_document
from benchmarks.empty_server import PATH
from benchmarks.load import Generator, Target, grpc_frame
from benchmarks.peers import Nginx, absence, nginx
from benchmarks.plane import SERVE, Home, Served, make_home, served
from benchmarks.processes import CannotMeasure, Cores, two_cores
from benchmarks.report import Report, Table, at_least
from benchmarks.samples import Measured, Ratio, middle, ratio
from benchmarks.session import main, progress

SMALL, EMPTY, LARGE, CEILING = "10 users", "empty handler", "10,000 users", "nginx 200"
USERS: Final = {SMALL: 10, EMPTY: 10, LARGE: 10_000}
EMPTY_SERVER: Final = ("benchmarks.empty_server",)
CONTENT_TYPES: Final = {
    "connect-proto": "application/proto",
    "connect-json": "application/json",
    "grpc": "application/grpc",
}
OF_EMPTY: Final = 0.85
OF_SMALL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure."""

    repetitions: int
    seconds: int
    connections: tuple[int, ...]
    wires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A server to be loaded: its CPU seconds so far, and what to send on a wire, asked anew each time as tokens end."""

    name: str
    cpu: Callable[[], float]
    target: Callable[[str], Target]


@dataclass(slots=True)
class Runs:
    """All runs of one server on one wire with so many connections, and the command of the first."""

    command: str
    measured: list[Measured] = field(default_factory=list)


Results = dict[tuple[str, int, str], Runs]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The goals are about the defaults; less is for trying."""
    parser.add_argument("--repetitions", type=int, default=5, help="of everything, interleaved")
    parser.add_argument("--seconds", type=int, default=2, help="of load a run, after one of warm-up")
    parser.add_argument("--connections", default="1,32,256", help="separated by commas")
    parser.add_argument("--few", action="store_true", help="leave out the 10,000 users, who take minutes to be made")
    parser.add_argument("--wires", default=",".join(CONTENT_TYPES), help="separated by commas")


def run(options: argparse.Namespace) -> Report:
    """Raises CannotMeasure."""
    report = Report("poll", "an unchanged GetConfiguration by a data plane's token")
    report.absent = absence("wrk", "h2load", "nginx")
    missing = {line.partition(":")[0] for line in report.absent}
    wires = [wire for wire in options.wires.split(",") if ("h2load" if wire == "grpc" else "wrk") not in missing]
    connections = tuple(int(count) for count in options.connections.split(","))
    plan = Plan(options.repetitions, options.seconds, connections, tuple(wires))
    cores = two_cores()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-poll-")))
        names = [name for name in USERS if not (options.few and name == LARGE)]
        planes = {name: _prepared(stack, folder, cores, name) for name in names}
        places = [place for place, _ in planes.values()]
        if "nginx" not in missing:
            places.append(_ceiling(stack.enter_context(nginx(folder, cores.server))))
        results = _measure(plan, places, Generator(cores.load, folder))
        for _, plane in planes.values():
            if refused := plane.refused():
                raise CannotMeasure(f"calls were refused: {refused}")
    _fill(report, plan, results)
    return report


def _prepared(stack: contextlib.ExitStack, folder: Path, cores: Cores, name: str) -> tuple[Place, Served]:
    """A home whose one data plane has everything, served again from the start by the server that is measured."""
    progress(f"making a workspace for {name}")
    home = asyncio.run(make_home(folder / name.replace(" ", "-"), USERS[name]))
    identity, position = _caught_up(home, cores)
    plane = stack.enter_context(served(home, cores.server, EMPTY_SERVER if name == EMPTY else SERVE))
    if not unchanged(plane, identity, position):
        raise CannotMeasure(f"the poll that is measured is not an unchanged one on {name}")
    return Place(name, plane.server.cpu_seconds, lambda wire: _poll(plane, identity, position, wire)), plane


def _caught_up(home: Home, cores: Cores) -> tuple[Identity, Position]:
    with served(home, cores.server) as plane:
        put_workspace_document(plane, workspace_document(9, "upstream-model"))
        identity = enrol(plane, 1)[0]
        return identity, catch_up(plane, identity)


def _poll(plane: Served, identity: Identity, position: Position, wire: str) -> Target:
    message = position.poll()
    body = message.SerializeToString()
    if wire == "connect-json":
        body = json_format.MessageToJson(message, indent=None).encode()
    if wire == "grpc":
        body = grpc_frame(body)
    port = plane.grpc_port if wire == "grpc" else plane.http_port
    return Target(f"http://127.0.0.1:{port}{PATH}", wire == "grpc", body, _headers(wire), identity.token())


def _ceiling(peer: Nginx) -> Place:
    def target(wire: str) -> Target:
        port = peer.http2_port if wire == "grpc" else peer.http1_port
        return Target(f"http://127.0.0.1:{port}{PATH}", wire == "grpc", bytes(80), _headers(wire))

    return Place(CEILING, peer.server.cpu_seconds, target)


def _headers(wire: str) -> dict[str, str]:
    return {"content-type": CONTENT_TYPES[wire], **({"te": "trailers"} if wire == "grpc" else {})}


def _measure(plan: Plan, places: Sequence[Place], generator: Generator) -> Results:
    """Every server in turn within each repetition, there and back, so that none is always the first."""
    results: Results = {}
    for repetition in range(plan.repetitions):
        for wire in plan.wires:
            progress(f"repetition {repetition + 1} of {plan.repetitions}: {wire}")
            for connections in plan.connections:
                for place in places if repetition % 2 == 0 else reversed(places):
                    measured, command = generator.measure(place.target(wire), connections, plan.seconds, place.cpu)
                    runs = results.setdefault((wire, connections, place.name), Runs(command))
                    runs.measured.append(measured)
    return results


def _fill(report: Report, plan: Plan, results: Results) -> None:
    figures = Table(
        f"median of {plan.repetitions} repetitions of {plan.seconds} s, servers on one core, the load on another",
        ("wire", "connections", "server", "req/s", "p50 ms", "p99 ms", "CPU µs/req"),
    )
    for (wire, connections, name), runs in sorted(results.items(), key=_in_order):
        one = middle(runs.measured)
        figures.rows.append((wire, str(connections), name, one.per_second, one.p50_ms, one.p99_ms, one.cpu_us))
    ratios = Table(
        "ratios of requests/s (the last: of CPU), each repetition with its neighbour: median [least-most]",
        ("wire", "connections", f"{SMALL} / empty", f"{LARGE} / {SMALL}", f"{SMALL} / nginx", "CPU empty / 10 users"),
    )
    for wire in plan.wires:
        for connections in plan.connections:
            pair = _pairs(results, wire, connections)
            of_empty = pair(SMALL, EMPTY)
            of_small = pair(LARGE, SMALL) if (wire, connections, LARGE) in results else None
            of_nginx = str(pair(SMALL, CEILING)) if (wire, connections, CEILING) in results else "-"
            cpu = _pairs(results, wire, connections, lambda one: one.cpu_us)(EMPTY, SMALL)
            ratios.rows.append((wire, str(connections), str(of_empty), str(of_small or "-"), of_nginx, str(cpu)))
            report.verdicts.append(at_least(f"{wire} c={connections}, {SMALL} / empty handler", of_empty, OF_EMPTY))
            if of_small is not None:
                report.verdicts.append(at_least(f"{wire} c={connections}, {LARGE} / {SMALL}", of_small, OF_SMALL))
    report.tables += [figures, ratios]
    report.commands = [runs.command for (_, _, name), runs in sorted(results.items(), key=_in_order) if name == SMALL]


def _rate(one: Measured) -> float:
    return one.per_second


def _pairs(
    results: Results, wire: str, connections: int, figure: Callable[[Measured], float] = _rate
) -> Callable[[str, str], Ratio]:
    def figures(name: str) -> list[float]:
        return [figure(one) for one in results[wire, connections, name].measured]

    return lambda of, beside: ratio(figures(of), figures(beside))


def _in_order(item: tuple[tuple[str, int, str], Runs]) -> tuple[int, int, int]:
    wire, connections, name = item[0]
    return list(CONTENT_TYPES).index(wire), connections, (SMALL, EMPTY, LARGE, CEILING).index(name)


if __name__ == "__main__":
    main(__doc__, add_options, run)
