"""One child process: started on a leash, watched, started again after a back-off when it dies, stopped in peace.

Each child leads a session of its own, so that Ctrl-C in the terminal reaches `run` alone, which then stops the
children in their order.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

LEASH: Final = Path(__file__).with_name("leash.py")
FIRST_PAUSE: Final = timedelta(seconds=3)
LONGEST_PAUSE: Final = timedelta(seconds=30)
STEADY_AFTER: Final = timedelta(seconds=60)

_EXCERPT_LINES: Final = 15
_ASK_EVERY: Final = 0.02


class ChildFailed(Exception):
    """A child did not come up. The text says how it ended and shows the end of its log."""


class BackOff:
    """Pauses between restarts: 3 s, doubling to 30 s; a child that lived a minute starts from the beginning."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE

    def pause_after(self, lived: timedelta) -> timedelta:
        """How long to wait now."""
        if lived >= STEADY_AFTER:
            self._next = FIRST_PAUSE
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE)
        return pause


@dataclass(frozen=True, slots=True)
class Command:
    """What to start. `log` is appended to; `patience` is how long SIGTERM may take."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    patience: timedelta


def leashed(arguments: Sequence[str]) -> list[str]:
    """The same command, which dies with this process."""
    return [sys.executable, "-S", "-E", str(LEASH), str(os.getpid()), *arguments]


class Child:
    """`say` tells the person at the terminal; `clock` is monotonic seconds."""

    def __init__(self, command: Command, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self.command = command
        self._say = say
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._back_off = BackOff()
        self._log_start = 0
        self.pid = 0

    @property
    def alive(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.returncode is None

    async def start(self, ready: Callable[[], Awaitable[bool]], within: timedelta) -> None:
        """Start it and wait until it is ready. Raises ChildFailed when it ends first or takes too long."""
        await self.spawn()
        await self.comes_up(ready, within)

    async def comes_up(self, ready: Callable[[], Awaitable[bool]], within: timedelta) -> None:
        """Wait until it is ready. Raises ChildFailed when it ends first or takes too long."""
        deadline = self._clock() + within.total_seconds()
        while not await ready():
            if not self.alive:
                raise self._ended_early()
            if self._clock() > deadline:
                raise self._too_slow(within)
            await asyncio.sleep(_ASK_EVERY)

    async def start_and_hear(self, question: Sequence[str], within: timedelta) -> str:
        """Start it, this once with these arguments too, and return the first line that it prints, which goes to no log.

        Raises ChildFailed when it ends first or takes too long."""
        process = await self.spawn(question, stdout=asyncio.subprocess.PIPE)
        if process.stdout is None:
            raise RuntimeError("what was asked for with a pipe has one")
        try:
            async with asyncio.timeout(within.total_seconds()):
                if answer := await process.stdout.readline():
                    return answer.decode("utf-8", errors="replace")
                await process.wait()
        except TimeoutError:
            raise self._too_slow(within) from None
        raise self._ended_early()

    def keep(self) -> None:
        """From now on start it again whenever it dies."""
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.command.name}")

    async def let_go(self) -> None:
        """From now on do not start it again."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
            self._keeper = None

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL when its patience is over. Not running is fine."""
        await self.let_go()
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self.command.patience.total_seconds()):
                await process.wait()
        except TimeoutError:
            self._say(f"{self.command.name} does not stop; killing it")
            self._signal(signal.SIGKILL)
            await process.wait()

    def kill(self) -> None:
        """SIGKILL now."""
        self._signal(signal.SIGKILL)

    def excerpt(self) -> str:
        """The last lines that it wrote since its latest start, with the place of the rest."""
        with contextlib.suppress(OSError), self.command.log.open("rb") as file:
            file.seek(self._log_start)
            lines = file.read().decode("utf-8", errors="replace").splitlines()[-_EXCERPT_LINES:]
            shown = "\n".join(f"  | {line}" for line in lines) or "  | (it wrote nothing)"
            return f"{shown}\n  log: {self.command.log}"
        return f"  log: {self.command.log}"

    async def spawn(self, more: Sequence[str] = (), stdout: int | None = None) -> asyncio.subprocess.Process:
        """Start it, this once with `more` arguments; without `stdout` all that it prints goes to its log."""
        self.command.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.command.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self._log_start = os.fstat(handle).st_size
            self._process = await asyncio.create_subprocess_exec(
                *leashed([*self.command.arguments, *more]),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=handle if stdout is None else stdout,
                stderr=handle,
                env=dict(self.command.environment),
                start_new_session=True,
            )
        finally:
            os.close(handle)
        self.pid = self._process.pid
        return self._process

    async def _keep(self) -> None:
        while self._process is not None:
            born = self._clock()
            await self._process.wait()
            pause = self._back_off.pause_after(timedelta(seconds=self._clock() - born))
            self._say(
                f"{self.command.name} {self._how_it_ended()}; starting it again in {pause.total_seconds():.0f} s"
                f" (log: {self.command.log})"
            )
            await asyncio.sleep(pause.total_seconds())
            try:
                await self.spawn()
            except OSError as problem:  # no memory, no process: the next round tries again
                self._say(f"{self.command.name} cannot be started: {problem.strerror}")
            else:
                self._say(f"{self.command.name} is started again, pid {self.pid}")

    def _ended_early(self) -> ChildFailed:
        return ChildFailed(f"{self.command.name} {self._how_it_ended()} while starting.\n{self.excerpt()}")

    def _too_slow(self, within: timedelta) -> ChildFailed:
        seconds = within.total_seconds()
        return ChildFailed(f"{self.command.name} is not ready after {seconds:.0f} s.\n{self.excerpt()}")

    def _how_it_ended(self) -> str:
        code = self._process.returncode if self._process is not None else None
        if code is not None and code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def _signal(self, number: signal.Signals) -> None:
        if self.alive and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
