"""Three replicas on one PostgreSQL, killed and restarted under agents and operators at work, break no promise.

A short run by default. The long one: AGENTROUTER_CHAOS_AGENTS=300 AGENTROUTER_CHAOS_SECONDS=90 pytest -s tests/chaos
One that fails leaves all that was seen and stored in build/chaos, in a file named by its seed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from controlplane.store import migrate
from tests.chaos.agents import Odds, SimulatedAgent
from tests.chaos.calls import Calls
from tests.chaos.evidence import Evidence
from tests.chaos.history import (
    Acknowledged,
    Changed,
    Completed,
    Declined,
    Fault,
    History,
    Polled,
    Record,
    Refused,
    Rehearsed,
    Rest,
)
from tests.chaos.model import violations
from tests.chaos.operators import Operators
from tests.chaos.replicas import KINDS, ROOT, Hand, environment, replicas
from tests.chaos.violations import told
from tests.fakes.postgres import PostgresServer, running_postgres

AGENTS = int(os.environ.get("AGENTROUTER_CHAOS_AGENTS", "12"))
SECONDS = float(os.environ.get("AGENTROUTER_CHAOS_SECONDS", "12"))
SEED = int(os.environ.get("AGENTROUTER_CHAOS_SEED", "0")) or time.time_ns() % 1_000_000
AGAIN = (
    f"once more: AGENTROUTER_CHAOS_SEED={SEED} AGENTROUTER_CHAOS_AGENTS={AGENTS} AGENTROUTER_CHAOS_SECONDS={SECONDS:g}"
)
REPLICAS = 3
CONSUMERS = 6
COMES_TO_REST_WITHIN = 180.0 + AGENTS / 5
WELL_BEHAVED = Odds(dies=0, fails_for_now=0, refuses=0, repeats=0, moves=0.1)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900 + SECONDS + 2 * COMES_TO_REST_WITHIN)]


async def test_nothing_is_lost_nothing_is_twice_and_nothing_goes_backwards(
    tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> None:
    print(f"seed {SEED}, {AGENTS} agents, {SECONDS:g} s")
    history = History(time.monotonic)
    with running_postgres(synchronous_commit="on") as postgres:  # what is answered outlives a crash
        url = postgres.url(postgres.create_database())
        evidence = Evidence(ROOT / "build" / "chaos", AGAIN, history, url.replace("+psycopg", ""))
        with evidence.kept_on_failure():
            migrate(url)
            rest = await lived(tmp_path, free_ports(2 * REPLICAS), postgres, url, history)
            print(summary(history, rest))

            found = violations(history, rest)

            assert not found, told(history, found, evidence.about)
            assert kinds_of_faults(history) >= KINDS


async def lived(folder: Path, ports: list[int], postgres: PostgresServer, url: str, history: History) -> Rest:
    """How everything stands after the run."""
    drawn = random.Random(SEED)
    made = bootstrapped(url, folder)
    async with (
        replicas(REPLICAS, ports, folder, url) as running,
        contextlib.aclosing(Calls([each.url for each in running], history, drawn)) as calls,
    ):
        operators = Operators(
            calls, history, drawn, workspace_id=made["workspace_id"], key=made["management_key"], consumers=CONSUMERS
        )
        await operators.furnish()
        agents = await enrolled(operators, calls, history, drawn)
        async with background([agent.run() for agent in agents]):
            hand = Hand(running, postgres, url, history, drawn)
            harm = [hand.keep_harming(pause=1.0), operators.keep_looking(0.5)]
            async with background([*harm, *(operators.keep_changing(0.2) for _ in range(3))]):
                await asyncio.sleep(SECONDS)
                while KINDS - kinds_of_faults(history):  # noqa: ASYNC110 - a machine may be busy
                    await asyncio.sleep(0.2)
            print(f"harm is over after {len(history.of(Fault))} faults and {len(history.of(Changed))} changes")
            calls.behave()
            for agent in agents:
                agent.odds = WELL_BEHAVED
            for each in running:
                await each.ready()
            await come_to_rest(operators, agents)
            return await operators.rest(agents)


def kinds_of_faults(history: History) -> set[str]:
    """Those that have happened."""
    return {fault.kind for fault in history.of(Fault)}


async def enrolled(operators: Operators, calls: Calls, history: History, drawn: random.Random) -> list[SimulatedAgent]:
    """All the agents, as data planes."""
    token = await operators.join_token(AGENTS)
    agents = [SimulatedAgent(calls, history, drawn, Odds()) for _ in range(AGENTS)]
    for number, agent in enumerate(agents):
        await agent.enrol(token, f"agent-{number}")
    operators.commands.dataplanes = [agent.id for agent in agents]
    return agents


async def come_to_rest(operators: Operators, agents: list[SimulatedAgent]) -> None:
    """Return once all agents are healthy, nothing waits, and everybody has what there is; or when it takes too long,
    which the model then tells of."""
    began_at = time.monotonic()
    while time.monotonic() < began_at + COMES_TO_REST_WITHIN:
        newest = await operators.newest()
        behind = [agent for agent in agents if newest.items() - agent.versions.items()]
        busy, unhealthy = await operators.busy_events(), await operators.unhealthy()
        print(f"{len(behind)} agents behind, {len(busy)} events to process, {len(unhealthy)} agents not healthy")
        if not behind and not busy and not unhealthy:
            print(f"all agents returned to healthy within {time.monotonic() - began_at:.1f} s")
            return
        await asyncio.sleep(1)


@contextlib.asynccontextmanager
async def background(work: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """All of it goes on until the block ends; what one of them raises ends the block at once, and is raised."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


def bootstrapped(url: str, folder: Path) -> dict[str, str]:
    """Ids and the admin key, made by the product's own command."""
    command = [sys.executable, "-m", "controlplane", "bootstrap", f"--home={folder / 'home-0'}", "--output=json"]
    said = subprocess.run(command, cwd=ROOT, env=environment(url), check=True, capture_output=True, text=True)
    made: dict[str, str] = json.loads(said.stdout)
    return made


def summary(history: History, rest: Rest) -> str:
    """How much went on."""
    counts = Counter(type(record).__name__ for record in history.records)
    faults = [fault.what for fault in history.of(Fault)]
    kinds = Counter(fault.kind for fault in history.of(Fault))
    states = Counter(event.status for event in rest.events)
    moved = len({(poll.who, poll.replica) for poll in history.of(Polled)})
    refusals = Counter(f"{refusal.what} {refusal.reason.split(':')[0]}" for refusal in history.of(Refused))
    changes = Counter(change.what for change in history.of(Changed))
    dry, gone = len(history.of(Rehearsed)), len(history.of(Declined))
    slowest = sorted((each.ended_at - each.began_at for each in history.of(Changed)), reverse=True)[:5]
    return (
        f"{len(history.of(Changed))} changes, {dict(counts)}\n"
        f"{dict(changes)}; {dry} dry runs, {gone} refused as gone, {len(rest.tombstones)} tombstones\n"
        f"a second: {rate(history, Acknowledged)} acknowledgements, {rate(history, Completed)} completions\n"
        f"{len(faults)} faults, {dict(kinds)}: {'; '.join(faults)}\n"
        f"{len(rest.events)} events: {dict(states)}; {moved} pairs of agent and replica\n"
        f"refused: {dict(refusals)}\nthe longest changes took {', '.join(f'{each:.1f}' for each in slowest)} s"
    )


def rate(history: History, kind: type[Record]) -> str:
    """How many a second: on the whole, and in the best ten seconds."""
    times = sorted(each.ended_at for each in history.of(kind))
    if not times:
        return "no"
    best = max(bisect_right(times, start + 10) - place for place, start in enumerate(times)) / 10
    return f"{len(times) / max(times[-1] - times[0], 1):.0f} (at best {best:.0f})"
