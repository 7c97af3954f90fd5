"""Simulated agents: the real wire, tokens, boots and leases; an Envoy that takes a moment, and now and then refuses.

What such an agent has received is on its disk before it does anything else; it may die at any moment after that, comes
back as its next boot, and what its former life still had under way reaches the control plane late.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agentrouter.configurator.v1 import configurations_pb2 as conf
from agentrouter.configurator.v1 import events_pb2 as ev
from agentrouter.management.v1 import dataplanes_pb2 as dp
from contract.agent_tokens import make_agent_token
from tests.chaos.calls import Calls, NobodyAnswered, Refused
from tests.chaos.history import REHEARSAL, Acknowledged, Completed, History, Polled

HANG = timedelta(seconds=4)
LONGEST_APPLY = 0.05


@dataclass(frozen=True, slots=True)
class Odds:
    """How often an agent misbehaves, of each event or poll."""

    dies: float = 0.03
    fails_for_now: float = 0.03
    refuses: float = 0.01
    repeats: float = 0.05
    moves: float = 0.1


@dataclass(slots=True)
class _Disk:
    """What survives a death."""

    boot: int = 0
    revision: int = 0
    epoch: str = ""
    versions: dict[str, tuple[int, str]] = field(default_factory=dict)  # version and digest by slot
    refused_keys: set[str] = field(default_factory=set)  # ids of revoked ones


class _Dies(Exception):
    """kill -9 of the agent."""


class SimulatedAgent:
    """One data plane. `run` lives, dies and lives again until it is cancelled."""

    def __init__(self, calls: Calls, history: History, random_: random.Random, odds: Odds) -> None:
        self._calls = calls
        self._history = history
        self._random = random_
        self._signing = Ed25519PrivateKey.generate()
        self._disk = _Disk()
        self._replica = calls.any_replica()
        self._late: set[asyncio.Task[None]] = set()
        self._token_good_until = 0.0
        self._token = ""
        self.odds = odds
        self.id = ""
        self._workspace_id = ""

    @property
    def versions(self) -> dict[str, int]:
        """What it has received."""
        return {slot: version for slot, (version, _digest) in self._disk.versions.items()}

    @property
    def refused_keys(self) -> frozenset[str]:
        """The ids of keys that it lets nobody in with."""
        return frozenset(self._disk.refused_keys)

    async def enrol(self, join_token: str, name: str) -> None:
        """Become a data plane."""
        request = dp.EnrollDataplaneRequest(
            join_token=join_token,
            signing_public_key=self._signing.public_key().public_bytes_raw(),
            sealing_public_key=X25519PrivateKey.generate().public_key().public_bytes_raw(),
            name=name,
        )
        made = (await self._calls.until_answered(request, "", name)).dataplane
        self.id, self._workspace_id = made.id, made.workspace_id

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._disk.boot += 1
                with contextlib.suppress(_Dies):
                    await self._live()
                await asyncio.sleep(self._random.uniform(0, 0.3))
        finally:
            for task in self._late:
                task.cancel()

    async def _live(self) -> None:
        cursor = 0
        boot = ev.Boot(counter=self._disk.boot, nonce=f"nonce-of-boot-{self._disk.boot}")
        while True:
            try:
                answer = await self._poll(boot, cursor)
            except NobodyAnswered:
                await self._fail_over()
                continue
            cursor = answer.event_cursor
            for event in answer.pending_events:
                await self._work(event, boot)
            if self._happens(self.odds.moves):
                self._replica = self._calls.any_replica()
            await asyncio.sleep(answer.next_poll_after.ToTimedelta().total_seconds())

    async def _poll(self, boot: ev.Boot, cursor: int) -> Any:
        """What is newer; on disk when this returns."""
        disk, began_at, known = self._disk, self._history.now(), self.versions
        request = conf.GetConfigurationRequest(
            since_revision=disk.revision,
            epoch=disk.epoch,
            boot=boot,
            event_cursor=cursor,
            report=conf.AgentReport(agent_version="1.2.3", received_revision=disk.revision),
        )
        request.wait.FromTimedelta(HANG)
        answer = await self._ask(request)
        received = dict(_received(answer))
        self._history.add(
            Polled(
                who=self.id,
                began_at=began_at,
                ended_at=self._history.now(),
                replica=self._replica,
                boot=boot.counter,
                since=disk.revision,
                revision=answer.revision,
                resync=answer.resync,
                versions={slot: version for slot, (version, _digest) in received.items()},
                known=known,
                events=tuple((each.id, each.slot, each.configuration_version) for each in answer.pending_events),
                removed=frozenset(_removed(answer)),
                undone=REHEARSAL.encode() in answer.SerializeToString(),
            )
        )
        disk.versions |= received
        disk.refused_keys |= {each.jti for each in answer.revocations}
        disk.revision, disk.epoch = answer.revision, answer.epoch
        return answer

    async def _work(self, event: Any, boot: ev.Boot) -> None:
        """Take it, apply it, tell; or die on the way."""
        with contextlib.suppress(Refused):
            held = await self._acknowledge(event, boot)
            await asyncio.sleep(self._random.uniform(0, LONGEST_APPLY))
            version, digest = self._disk.versions.get(event.slot, (event.configuration_version, ""))
            completion = ev.CompleteEventRequest(
                event_id=event.id, version=version, digest=digest, fencing_token=held.fencing_token
            )
            _end(completion, self._random, self.odds)
            if self._happens(self.odds.dies):
                self._tell_late(completion, event.slot, boot)
                raise _Dies
            await self._complete(completion, event.slot, boot)
            if self._happens(self.odds.repeats):
                await self._complete(completion, event.slot, boot)

    async def _acknowledge(self, event: Any, boot: ev.Boot) -> Any:
        request = ev.AcknowledgeEventRequest(event_id=event.id, boot=boot)
        while True:
            began_at = self._history.now()
            try:
                held = (await self._ask(request)).event
            except NobodyAnswered:
                await self._fail_over()
                continue
            self._history.add(
                Acknowledged(
                    who=self.id,
                    began_at=began_at,
                    ended_at=self._history.now(),
                    replica=self._replica,
                    boot=boot.counter,
                    event=event.id,
                    token=held.fencing_token,
                )
            )
            return held

    async def _complete(self, request: ev.CompleteEventRequest, slot: str, boot: ev.Boot) -> None:
        """Until it is answered: taken, or refused."""
        while True:
            began_at = self._history.now()
            try:
                ended = (await self._ask(request)).event
            except NobodyAnswered:
                await self._fail_over()
                continue
            self._history.add(
                Completed(
                    who=self.id,
                    began_at=began_at,
                    ended_at=self._history.now(),
                    replica=self._replica,
                    boot=boot.counter,
                    event=request.event_id,
                    slot=slot,
                    token=request.fencing_token,
                    version=request.version,
                    status=status_name(ended.status),
                )
            )
            return

    def _tell_late(self, completion: ev.CompleteEventRequest, slot: str, boot: ev.Boot) -> None:
        """A packet of the former life that was under way for a while."""

        async def late() -> None:
            await asyncio.sleep(self._random.uniform(0, 1))
            with contextlib.suppress(Refused):
                await self._complete(completion, slot, boot)

        task = asyncio.create_task(late())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _ask(self, request: Any) -> Any:
        now = self._history.now()
        if now > self._token_good_until:
            self._token_good_until = now + 300
            self._token = make_agent_token(
                self._signing, dataplane_id=self.id, workspace_id=self._workspace_id, now=datetime.now(UTC)
            )
        return await self._calls.once(self._replica, request, self._token, self.id)

    async def _fail_over(self) -> None:
        self._replica = self._calls.any_replica()
        await self._calls.pause()

    def _happens(self, chance: float) -> bool:
        return self._random.random() < chance


def _end(completion: ev.CompleteEventRequest, random_: random.Random, odds: Odds) -> None:
    drawn = random_.random()
    if drawn < odds.fails_for_now + odds.refuses:
        completion.outcome = ev.EVENT_OUTCOME_FAILED
        completion.retryable = drawn < odds.fails_for_now
        completion.error = "Envoy said no"
    else:
        completion.outcome = ev.EVENT_OUTCOME_APPLIED


def _received(answer: Any) -> Iterator[tuple[str, tuple[int, str]]]:
    for each in answer.configurations:
        yield f"config/{each.user_id}", (each.version, each.digest)
    for each in answer.values:
        yield each.slot, (each.version, each.digest)
    if answer.revocations:
        yield "revocations", (max(each.revision for each in answer.revocations), "")


def _removed(answer: Any) -> Iterator[str]:
    for each in answer.configurations:
        if each.state == conf.CONFIGURATION_STATE_REMOVED:
            assert not each.document, "a tombstone has no document"
            yield f"config/{each.user_id}"


def status_name(status: Any) -> str:
    """Without the enum's prefix."""
    return ev.EventStatus.Name(status).removeprefix("EVENT_STATUS_")
