"""One delivery: brings a connected Envoy from what it has to what is wanted, and refuses only the guilty.

Theory of operation. Rounds of: compare, push what is new or changed in make-before-break order, wait until it serves,
remove in the reverse order; until nothing differs. Then everything that has no proof yet is read back. A refused
resource changes the target: back to what ran before, or away, so the next round repairs Envoy by the same means. If
even that is refused (its port was taken meanwhile) it is left `unserved` for a later delivery. Each refusal shrinks
what is left to try, so the rounds end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from liaison_agent.kinds import KINDS, PUSH_ORDER, Kind
from liaison_agent.ports import GatewayUnavailable, Refused
from liaison_agent.state import Resource, ResourceKey, ResourceSet
from liaison_agent.xds.proofs import Proofs
from liaison_agent.xds.refusals import is_place_taken, reason_of, split_by_guilt
from liaison_agent.xds.retirements import Retirements
from liaison_agent.xds.streams import Stream, StreamLost

_BULK = 2_000
"""At most so many resources a response."""
_UNDER_WAY = 500
"""At most so many responses wait for their answer."""

_Answer = TypeVar("_Answer")

log = logging.getLogger(__name__)


class ReadBack(Protocol):
    """Looks into Envoy for what it really serves."""

    async def until_active(self, resources: Sequence[Resource]) -> Mapping[ResourceKey, str]:
        """Wait, within bounds, until these serve in this version; returns why not for those that do not."""

    async def faults(self, resources: Sequence[Resource]) -> Mapping[ResourceKey, str]:
        """The same without waiting."""


class Delivery:
    """`fallback` is what ran before, `wanted` what should run. After `run`, `running` is what Envoy keeps, `refused`
    what it would not take, `unserved` the part of `running` that it would not take either, `retired` what Envoy keeps
    for a while beyond that."""

    def __init__(
        self,
        stream: Stream,
        read_back: ReadBack,
        proofs: Proofs,
        retirements: Retirements,
        *,
        fallback: ResourceSet,
        wanted: ResourceSet,
        answer_within: timedelta,
    ) -> None:
        self._stream = stream
        self._read_back = read_back
        self._proofs = proofs
        self._retirements = retirements
        self.retired: list[ResourceKey] = []
        self._fallback = fallback
        self._answer_within = answer_within.total_seconds()
        self.running = wanted
        self.refused: dict[ResourceKey, Refused] = {}
        self.unserved: set[ResourceKey] = set()

    async def run(self) -> None:
        """Deliver; raises `StreamLost` when Envoy goes, `GatewayUnavailable` when it does not answer in time."""
        await self._in_time(self._stream.until(self._stream.is_open))
        self._proofs.begin(self._stream.number)
        await self._level_out()
        while not await self._prove():
            await self._level_out()
        self._keep_what_is_still_used()
        self._stream.set_level(self.running, too_much=self.retired)
        if self._stream.lost:
            raise StreamLost

    async def _level_out(self) -> None:
        while True:
            put, drop = self._differences()
            if not put and not drop:
                break
            for kind in PUSH_ORDER:
                await self._put(kind, [one for one in put if one.type_url == kind.type_url], drop)
            for kind in reversed(PUSH_ORDER):
                await self._drop(kind, [key for key in drop if key[0] == kind.type_url])
            await self._in_time(self._stream.until(self._stream.is_settled))

    async def _prove(self) -> bool:
        """Read back what has no proof yet; False when something new does not serve, and so has to go back.

        What ran before and does not serve any more is not this delivery's fault: it stays, without a proof."""
        used = [one for one in self._proofs.missing(self.running) if self._stream.asks_for(one.key)]
        certain = [one for one in used if one.key not in self.unserved]
        new = [one for one in certain if not self._ran_before(one)]
        faults = await self._read_back.until_active(new)
        silent = await self._read_back.faults([one for one in certain if self._ran_before(one)])
        self._proofs.add(one for one in certain if one.key not in faults and one.key not in silent)
        for key, reason in silent.items():
            log.warning("%s %s does not serve: %s", KINDS[key[0]].word, key[1], reason)
        for key, reason in faults.items():
            self._give_up(self.running[key], f"not active: {reason}")
        return not faults

    def _ran_before(self, resource: Resource) -> bool:
        before = self._fallback.get(resource.key)
        return before is not None and before.version == resource.version

    def _differences(self) -> tuple[list[Resource], list[ResourceKey]]:
        put, unwanted = self._stream.behind(self.running)
        self._retirements.come_back(self.running)
        drop = self._retirements.may_go(unwanted, self._fallback)
        self.retired = [key for key in unwanted if key not in drop]
        return [one for one in put if one.key not in self.unserved], drop

    async def _put(self, kind: Kind, resources: list[Resource], drop: Sequence[ResourceKey]) -> None:
        if not resources:
            return
        goes_away = [name for type_url, name in drop if type_url == kind.type_url]
        await self._cleanse(kind, [one.name for one in resources if self._stream.is_tainted(one.key)])
        size = 1 if kind.alone else _BULK
        groups = [resources[start : start + size] for start in range(0, len(resources), size)]
        for start in range(0, len(groups), _UNDER_WAY):
            await asyncio.gather(*(self._try(group, goes_away) for group in groups[start : start + _UNDER_WAY]))
        if kind.warms:
            taken = [one for one in resources if self.running.get(one.key) == one and one.key not in self.unserved]
            for key, reason in (await self._read_back.until_active(taken)).items():
                self._give_up(self.running[key], f"not active: {reason}")

    async def _cleanse(self, kind: Kind, names: Sequence[str]) -> None:
        """Have Envoy forget what it half took with a refused response; else it takes the repetition for no change."""
        if names and kind.wildcard:
            await self._push(kind.type_url, (), names)

    async def _try(self, group: Sequence[Resource], goes_away: Sequence[str]) -> None:
        text = await self._push(group[0].type_url, group)
        if text is not None and len(group) == 1 and goes_away and is_place_taken(text):
            text = await self._push(group[0].type_url, group, goes_away)
        if text is None:
            return
        if len(group) == 1:
            self._refuse(group[0], text)
        else:
            for part in split_by_guilt(group, text):
                await self._try(part, goes_away)

    async def _drop(self, kind: Kind, keys: Sequence[ResourceKey]) -> None:
        keys = [key for key in keys if self._stream.has(key)]
        if not keys:
            return
        text = await self._push(kind.type_url, (), [name for _, name in keys])
        if text is not None:
            self._stream.forget_removed(keys)
            for key in keys:
                slot = self._fallback[key].slot if key in self._fallback else ""
                self.refused[key] = Refused(slot, *key, f"cannot be removed: {reason_of(text, key[1])}")

    async def _push(self, type_url: str, put: Sequence[Resource], drop: Sequence[str] = ()) -> str | None:
        return await self._in_time(self._stream.push(type_url, put, drop))

    def _refuse(self, resource: Resource, text: str) -> None:
        """A NACK: back to what ran before; if that is what was refused, it waits for better times."""
        key = resource.key
        before = self._fallback.get(key)
        self._proofs.withdraw([key])
        self.refused.setdefault(key, Refused(resource.slot, *key, reason_of(text, resource.name)))
        if before is None:
            self.running = self.running.changed_by(drop=[key])
        elif before.version == resource.version:
            self.unserved.add(key)
        else:
            self.running = self.running.changed_by(put=[before])

    def _give_up(self, resource: Resource, reason: str) -> None:
        """Acknowledged, yet not serving in time: back to what ran before; if it is that, Envoy may keep trying."""
        key = resource.key
        before = self._fallback.get(key)
        self._proofs.withdraw([key])
        self.refused.setdefault(key, Refused(resource.slot, *key, reason))
        if before is None:
            self.running = self.running.changed_by(drop=[key])
        elif before.version != resource.version:
            self.running = self.running.changed_by(put=[before])

    def _keep_what_is_still_used(self) -> None:
        """What went back to its old shape may need what the wanted set no longer holds (an old secret): keep that."""
        if not self.refused:
            return
        _, gone = self._fallback.diff(self.running)
        used = [key for key in gone if not KINDS[key[0]].wildcard and self._stream.asks_for(key)]
        self.running = self.running.changed_by(put=[self._fallback[key] for key in used])

    async def _in_time(self, answer: Awaitable[_Answer]) -> _Answer:
        try:
            async with asyncio.timeout(self._answer_within):  # `wait_for` of Python 3.11 may swallow a cancellation
                return await answer
        except TimeoutError:
            raise GatewayUnavailable(f"Envoy did not answer within {self._answer_within:g} s") from None
