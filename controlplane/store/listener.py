"""The one connection that listens for other replicas' notices, made again for as long as the store lives."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import psycopg

from controlplane.services.ports import Random
from controlplane.store.notices import READ_EVERYTHING, Fanout, from_payload

CHANNEL = "agentrouter"
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0

log = logging.getLogger(__name__)


class Listener:
    """Publishes what it hears. Whenever it begins to listen, what it may have missed is told as READ_EVERYTHING."""

    def __init__(self, arguments: dict[str, Any], fanout: Fanout, random: Random) -> None:
        self._arguments = arguments
        self._fanout = fanout
        self._random = random
        self._task: asyncio.Task[None] | None = None
        self._heard = False

    def start(self) -> None:
        """Listen in the background."""
        self._task = asyncio.create_task(self._listen_for_ever(), name="store-notices")

    async def stop(self) -> None:
        """Close the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _listen_for_ever(self) -> None:
        failures = 0
        while True:
            try:
                await self._listen()
            except Exception as error:  # whatever it was: who ends here is deaf as long as the process lives
                said = str(error).partition("\n")[0]
                log.warning("notices of other replicas are interrupted (%s: %s)", type(error).__name__, said)
            failures = 0 if self._heard else failures + 1
            await asyncio.sleep(self._pause(failures))

    async def _listen(self) -> None:
        self._heard = False
        async with await psycopg.AsyncConnection.connect(**self._arguments, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self._heard = True
            self._fanout.publish(READ_EVERYTHING)
            async for told in connection.notifies():
                self._fanout.publish(from_payload(told.payload))

    def _pause(self, failures: int) -> float:
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**failures)
        share = int.from_bytes(self._random.bytes(2), "big") / 65536
        return longest * (0.5 + share / 2)
