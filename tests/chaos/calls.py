"""Calls to any replica over Connect, as impatient clients make them: no answer is told apart from a refusal.

Now and then a caller hangs up in the middle, or an answer is lost on its way. Faults of the replicas alone seldom come
between a commit and its answer; these do, all the time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import aiohttp
from google.protobuf.message import Message

from tests.chaos.history import History
from tests.chaos.history import Refused as RefusedRecord
from tests.contract.wires.clients import connect_json_refusal
from tests.contract.wires.procedures import procedure_of
from tests.contract.wires.refusals import Refused

WITHIN = 15.0
LONGEST_PAUSE = 1.0
HURRIED_WITHIN = 0.5
LATER = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED", "DEADLINE_EXCEEDED"}


class NobodyAnswered(Exception):
    """It may have been done or not: the connection broke, or the replica could not do it now."""


class Calls:
    """One session for everybody. A caller stays with a replica until that one fails it.

    `hangs_up`, `loses`: how often a caller hangs up in the middle, and how often an answer is lost.
    """

    hangs_up = 0.05
    loses = 0.1

    def __init__(self, urls: Sequence[str], history: History, random_: random.Random) -> None:
        self._urls = urls
        self._history = history
        self._random = random_
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def aclose(self) -> None:
        """Hang up."""
        await self._session.close()

    def behave(self) -> None:
        """Hear every answer out from now on."""
        self.hangs_up = self.loses = 0.0

    def any_replica(self) -> int:
        """The number of one of them."""
        return self._random.randrange(len(self._urls))

    async def once(self, replica: int, request: Message, bearer: str, who: str) -> Any:
        """The answer. Raises NobodyAnswered, or Refused, which is recorded."""
        procedure = procedure_of(type(request))
        headers = {"content-type": "application/proto", "authorization": f"Bearer {bearer}"}
        began_at = self._history.now()
        within = self._random.uniform(0, HURRIED_WITHIN) if self._random.random() < self.hangs_up else WITHIN
        try:
            async with self._session.post(
                f"{self._urls[replica]}{procedure.path}",
                data=request.SerializeToString(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=within, sock_connect=2),
            ) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NobodyAnswered(type(error).__name__) from None
        if self._random.random() < self.loses:
            raise NobodyAnswered("lost")
        if response.status == 200:
            return procedure.response.FromString(body)
        refused = connect_json_refusal(body.decode())
        if refused.code in LATER:
            assert refused.code in ("ABORTED", "DEADLINE_EXCEEDED") or refused.retry_after, refused
            raise NobodyAnswered(refused.code)
        self._history.add(
            RefusedRecord(
                who=who,
                began_at=began_at,
                ended_at=self._history.now(),
                replica=replica,
                what=procedure.name,
                code=refused.code,
                reason=f"{refused.reason}: {refused.message}",
            )
        )
        raise refused

    async def until_answered(self, request: Message, bearer: str, who: str) -> Any:
        """Of one replica after the other, until one of them answers. Raises Refused."""
        while True:
            try:
                return await self.once(self.any_replica(), request, bearer, who)
            except NobodyAnswered:
                await self.pause()

    async def pause(self) -> None:
        """After a failure, with jitter."""
        await asyncio.sleep(self._random.uniform(0.05, LONGEST_PAUSE))


__all__ = ["Calls", "NobodyAnswered", "Refused"]
