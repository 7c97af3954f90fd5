"""A whole agent over fakes, with the real ledger on disk, that can die and live again."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from liaison_agent.agent import Agent, Parts
from liaison_agent.applier import Applier, Compile
from liaison_agent.compiler.compilation import Compiled
from liaison_agent.gatherer import Gatherer
from liaison_agent.ledger.file_ledger import FileLedger
from liaison_agent.ledger.vault import Vault
from liaison_agent.memory import Memory
from liaison_agent.opener import Opener
from liaison_agent.poller import Poller
from liaison_agent.ports import Boot, Ledger, Loaded
from liaison_agent.reporter import Reporter
from liaison_agent.state import Desired
from tests.fakes.clocks import FakeClock
from tests.fakes.control_plane import DATAPLANE, WORKSPACE, ControlPlaneSimulator
from tests.fakes.gateway import FakeGateway, compile_simply

KEY = bytes(range(32))
STEPS = 100_000


class Killed(BaseException):
    """`kill -9`: nothing of the agent's runs after it."""


class FaultyLedger:
    """The real ledger, with faults: `before` and `after` hold what the next saves raise (None: goes well)."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.before: list[BaseException | None] = []
        self.after: list[BaseException | None] = []
        self.blank_reads = 0

    def load(self) -> Loaded:
        """See `Ledger`."""
        return self._ledger.load()

    def save(self, memory: Memory) -> None:
        """See `Ledger`."""
        if self.before and (error := self.before.pop(0)):
            raise error
        self._ledger.save(memory)
        if self.after and (error := self.after.pop(0)):
            raise error

    def digest_on_disk(self, slot: str) -> str:
        """See `Ledger`; nothing for the next `blank_reads`."""
        if self.blank_reads:
            self.blank_reads -= 1
            return ""
        return self._ledger.digest_on_disk(slot)

    def wipe(self) -> None:
        """See `Ledger`."""
        self._ledger.wipe()


class World:
    """A control plane, a host with a disk and an Envoy, and the agent's lives."""

    def __init__(self, folder: Path, *, page: int = 1000) -> None:
        self.folder = folder
        self.clock = FakeClock()
        public = X25519PrivateKey.from_private_bytes(KEY).public_key().public_bytes_raw()
        self.control = ControlPlaneSimulator(self.clock, public, page=page)
        self.gateway = FakeGateway(self.clock)
        self.statuses: list[str] = []
        self.compile: Compile = compile_simply
        self.boots = 0
        self.ledger = self.open_ledger()
        self.ledger.save(Memory(WORKSPACE))

    def open_ledger(self) -> FaultyLedger:
        """The ledger as the next life finds it."""
        drawn = f"history-{self.boots}"
        return FaultyLedger(FileLedger(Vault(self.folder / "ledger", KEY, DATAPLANE), lambda: drawn))

    def agent(self) -> Agent:
        """The next life."""
        self.boots += 1
        boot = Boot(self.boots, f"nonce-{self.boots:08d}")
        poller = Poller(self.control, self.clock, random.Random(self.boots))
        opener = Opener(KEY, workspace_id=WORKSPACE, dataplane_id=DATAPLANE)
        parts = Parts(
            control=self.control,
            ledger=self.ledger,
            clock=self.clock,
            poller=poller,
            gatherer=Gatherer(poller, opener, self.clock, boot),
            applier=Applier(self.gateway, self._compile, self.clock),
            reporter=Reporter(self.control, self.clock, "0.1.0"),
            announce=self.statuses.append,
        )
        return Agent(parts, workspace_id=WORKSPACE, boot=boot, envoy_left_running=self.gateway.alive)

    @contextlib.asynccontextmanager
    async def living(self) -> AsyncIterator[asyncio.Task[None]]:
        """A life: from here to the end of the block, or to a fault that kills it."""
        self.control.idle.clear()
        life = asyncio.create_task(self.agent().run())
        try:
            yield life
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            self.ledger = self.open_ledger()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let the agent go on until something holds; the number of steps is bounded, not the time."""
        for _ in range(STEPS):
            if holds():
                return
            await asyncio.sleep(0)
        raise AssertionError("it never came to hold")

    async def run_until_idle(self, life: asyncio.Task[None]) -> None:
        """Until the agent has nothing to do but wait for news."""
        idle = asyncio.create_task(self.control.idle.wait())
        await asyncio.wait({life, idle}, return_when=asyncio.FIRST_COMPLETED, timeout=60)
        if life.done():
            idle.cancel()
            life.result()
        assert idle.done(), "the agent did not come to rest"

    async def live_until_idle(self) -> None:
        """One life that comes to rest, and is then killed."""
        async with self.living() as life:
            await self.run_until_idle(life)

    async def live_until_killed(self) -> None:
        """One life that must die of a fault."""
        async with self.living() as life:
            done, _ = await asyncio.wait({life}, timeout=60)
            assert done, "the agent was not killed"
            assert life.exception() is not None

    def _compile(self, desired: Desired, *, previous: Compiled | None) -> Compiled:
        return self.compile(desired, previous=previous)
