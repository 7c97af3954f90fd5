"""Replicas of the control plane as processes on one PostgreSQL, and the hand that kills, ends and restarts them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from tests.chaos.history import Fault, History
from tests.fakes.postgres import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
MASTER_KEY = "5a" * 32
COMES_UP_WITHIN = 180.0  # a busy machine takes its time
ENDS_WITHIN = 60.0
RESTART, CRASH, KILL, DRAIN = "database restart", "database crash", "SIGKILL", "SIGTERM"
END_CONNECTIONS = "connections ended"
KINDS = frozenset({RESTART, CRASH, KILL, DRAIN, END_CONNECTIONS})  # of faults; each comes in every run


class Replica:
    """One `python -m controlplane serve`, always on the same ports."""

    def __init__(self, number: int, ports: Sequence[int], folder: Path, database_url: str) -> None:
        self.number = number
        self.url = f"http://127.0.0.1:{ports[1]}"
        self.log = folder / f"replica-{number}.log"
        self._arguments = [
            f"--home={folder / f'home-{number}'}",
            f"--grpc-address=127.0.0.1:{ports[0]}",
            f"--http-address=127.0.0.1:{ports[1]}",
        ]
        self._environment = environment(database_url)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Do not wait for it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "controlplane", "serve", *self._arguments],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def ready(self) -> None:
        """Return once it says that it serves."""
        async with asyncio.timeout(COMES_UP_WITHIN), aiohttp.ClientSession() as session:
            while True:
                assert self._process is not None
                assert self._process.poll() is None, self.log.read_text()[-2000:]
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/ready") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)

    async def end(self, number: signal.Signals) -> None:
        """Send the signal and wait until it is gone."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            await asyncio.to_thread(self._process.wait, ENDS_WITHIN)


def environment(database_url: str) -> dict[str, str]:
    """Of a control plane on that database."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AGENTROUTER_")}
    return ours | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'gen'}",
        "AGENTROUTER_DATABASE_URL": database_url,
        "AGENTROUTER_MASTER_KEY": MASTER_KEY,
    }


@contextlib.asynccontextmanager
async def replicas(count: int, ports: Sequence[int], folder: Path, database_url: str) -> AsyncIterator[list[Replica]]:
    """All of them serving, ended with the block. Two ports each."""
    made = [Replica(number, ports[2 * number : 2 * number + 2], folder, database_url) for number in range(count)]
    try:
        for replica in made:
            replica.start()
        for replica in made:
            await replica.ready()
        yield made
    finally:
        for replica in made:
            await replica.end(signal.SIGKILL)


class Hand:
    """Does harm, one harm after the other, each noted; everything it took away it gives back."""

    def __init__(
        self, made: list[Replica], postgres: PostgresServer, database_url: str, history: History, random_: random.Random
    ) -> None:
        self._replicas = made
        self._postgres = postgres
        self._dsn = database_url.replace("+psycopg", "")
        self._history = history
        self._random = random_

    async def keep_harming(self, pause: float) -> None:
        """Until cancelled; seconds between two harms. The first round has every kind."""
        harms: list[Callable[[], Coroutine[Any, Any, None]]]
        harms = [self._restart_database, self._kill, self._drain, self._end_connections, self._crash_database]
        harms += [self._kill]
        while True:
            for harm in harms:
                await asyncio.sleep(self._random.uniform(0.5, 1.5) * pause)
                await self._whole(harm())
            self._random.shuffle(harms)

    async def _whole(self, harm: Coroutine[Any, Any, None]) -> None:
        """Even when told to end meanwhile: what was taken away is given back first."""
        task = asyncio.create_task(harm)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await task
            raise

    async def _kill(self) -> None:
        await self._replace(signal.SIGKILL)

    async def _drain(self) -> None:
        await self._replace(signal.SIGTERM)

    async def _replace(self, number: signal.Signals) -> None:
        replica = self._random.choice(self._replicas)
        with self._noted(f"{number.name} of replica {replica.number}", number.name):
            await replica.end(number)
        await asyncio.sleep(self._random.uniform(0, 1))
        with self._noted(f"replica {replica.number} starts", "start"):
            replica.start()
            await replica.ready()

    async def _restart_database(self) -> None:
        with self._noted("the database restarts", RESTART):
            await asyncio.to_thread(self._postgres.stop)
            await asyncio.sleep(self._random.uniform(0, 1))
            await asyncio.to_thread(self._postgres.start)

    async def _crash_database(self) -> None:
        """What it had committed is there again; what was being committed may be."""
        with self._noted("the database crashes", CRASH):
            await asyncio.to_thread(self._postgres.crash)
            await asyncio.sleep(self._random.uniform(0, 1))
            await asyncio.to_thread(self._postgres.start)

    async def _end_connections(self) -> None:
        with self._noted("every connection to the database is ended", END_CONNECTIONS):
            await asyncio.to_thread(self._terminate)

    def _terminate(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    @contextlib.contextmanager
    def _noted(self, what: str, kind: str) -> Iterator[None]:
        began_at = self._history.now()
        try:
            yield
        finally:
            fault = Fault(who="hand", began_at=began_at, ended_at=self._history.now(), what=what, kind=kind)
            self._history.add(fault)
