"""A network between a client and a server that has weather: it holds bytes back, is slow, or loses and sends again.

Nothing that TCP would deliver in the end is dropped: what is lost is sent again later, what is held back in a partition
arrives when the partition is over.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from random import Random

RETRANSMITTED_AFTER = 0.2


@dataclass(frozen=True, slots=True)
class Weather:
    """What one way is like: seconds that it takes, the share of pieces lost and sent again, or nothing gets through."""

    seconds: float = 0.0
    lost: float = 0.0
    is_blocked: bool = False


FAIR = Weather()
BLOCKED = Weather(is_blocked=True)


class Network:
    """Forwards connections to (host, port); `there` and `back` may change at any time."""

    def __init__(self, host: str, port: int, seed: int = 1) -> None:
        self._target = (host, port)
        self._random = Random(seed)
        self._changed = asyncio.Event()
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.there = self.back = FAIR
        self.lost = 0

    async def start(self) -> int:
        """The port to connect to."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Cut everything."""
        assert self._server is not None
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def change(self, there: Weather, back: Weather) -> None:
        """From now on, for what is under way too."""
        self.there, self.back = there, back
        self._changed.set()
        self._changed = asyncio.Event()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = asyncio.current_task()
        assert own is not None
        self._pumps.add(own)
        try:
            await self._forward(reader, writer)
        finally:
            self._pumps.discard(own)
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._pass("there")
        with contextlib.suppress(OSError):
            upstream_reader, upstream_writer = await asyncio.open_connection(*self._target)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump("there", reader, upstream_writer))
                    both.create_task(self._pump("back", upstream_reader, writer))
            finally:
                upstream_writer.transport.abort()

    async def _pump(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(16_384):
                await self._pass(way)
                writer.write(piece)
                await writer.drain()
            await self._pass(way)
            writer.write_eof()

    async def _pass(self, way: str) -> None:
        """Return when a piece that set out now would be there."""
        while self._weather(way).is_blocked:
            await self._changed.wait()
        weather, seconds, again = self._weather(way), self._weather(way).seconds, RETRANSMITTED_AFTER
        while self._random.random() < weather.lost:
            self.lost += 1
            seconds, again = seconds + again, again * 2
        await asyncio.sleep(seconds)

    def _weather(self, way: str) -> Weather:
        return self.there if way == "there" else self.back
