"""The control plane as the agent sees it, in memory: versions, revisions, events with leases and fencing, and faults.

A simulator in the manner of python-tuf: it keeps the promises of the API (not its storage), so that the agent's loop
can be tested against every way in which the other side may behave.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contract.sealing import DeliveryKey, delivery_context, encrypt_secret, seal_delivery_key
from liaison_agent.memory import Completion, HeldEvent, Received, Tombstone, Value
from liaison_agent.ports import (
    Answer,
    Boot,
    Clock,
    ControlPlaneRefused,
    Enrolled,
    Enrolment,
    PendingEvent,
    Poll,
    SealedDeliveryKey,
    SealedSecret,
)
from liaison_agent.state import REVOCATIONS_SLOT, Configuration, slot_of

WORKSPACE = "ws_1"
DATAPLANE = "dp_1"
LEASE = timedelta(seconds=60)


@dataclass
class SimulatedEvent:
    """An event as the control plane keeps it."""

    id: str
    slot: str
    version: int
    cursor: int
    full: bool = False
    status: str = "PENDING"
    attempt: int = 0
    fencing_token: int = 0
    holder: Boot | None = None
    lease_expires_at: datetime | None = None
    completions: list[Completion] = field(default_factory=list)


class ControlPlaneSimulator:
    """Implements `ControlPlane`. `idle` is set while the agent hangs with nothing to be told.

    Faults: `before[method]` and `after[method]` hold errors to raise, one a call, before or after it took effect
    (None: this call goes well)."""

    def __init__(self, clock: Clock, sealing_public_key: bytes, *, page: int = 1000) -> None:
        self.clock = clock
        self.epoch = "epoch-1"
        self.revision = 0
        self.current: dict[str, Received] = {}
        self.events: dict[str, SimulatedEvent] = {}
        self.secrets: dict[str, tuple[str, str]] = {}
        self.origin = "https://api.example.com:443"
        self.revocations: list[tuple[str, datetime, int]] = []
        self.polls: list[Poll] = []
        self.calls: list[str] = []
        self.before: dict[str, list[BaseException | None]] = {}
        self.after: dict[str, list[BaseException | None]] = {}
        self.tamper: Callable[[Answer], Answer] = lambda answer: answer
        self.next_poll_after = timedelta(0)
        self.enrolments: list[Enrolment] = []
        self.retained_from = 0
        self.idle = asyncio.Event()
        self._page = page
        self._cursor = 0
        self._news = asyncio.Event()
        self._delivery_key = DeliveryKey("dk-1", b"d" * 32)
        self._sealing_public_key = sealing_public_key

    # what an operator does

    def put(self, user_id: str, document: Mapping[str, Any], *, event: bool = True, **secrets: str) -> Configuration:
        """A new version of a document; `secrets` are put under `secret://<name>@<version of the document>`."""
        body = json.dumps(document, sort_keys=True).encode()
        slot, version = slot_of(user_id), self._next_version(slot_of(user_id))
        self.revision += 1
        digest = hashlib.sha256(body).hexdigest()
        configuration = Configuration(WORKSPACE, user_id, version, self.revision, digest, body)
        self.current[slot] = configuration
        for name, value in secrets.items():
            self.secrets[f"secret://{name}@{version}"] = (self.origin, value)
        self._announce(slot, event)
        return configuration

    def put_value(self, slot: str, value: bytes, *, event: bool = True) -> None:
        """A new version of a value."""
        self.revision += 1
        version = self._next_version(slot)
        self.current[slot] = Value(slot, version, self.revision, hashlib.sha256(value).hexdigest(), value)
        self._announce(slot, event)

    def remove(self, user_id: str) -> None:
        """A tombstone."""
        slot = slot_of(user_id)
        self.revision += 1
        self.current[slot] = Tombstone(slot, self._next_version(slot), self.revision)
        self._announce(slot, True)

    def revoke_key(self, jti: str, expires_at: datetime) -> SimulatedEvent:
        """Revoke a consumer key."""
        self.revision += 1
        self.revocations.append((jti, expires_at, self.revision))
        return self.ring(REVOCATIONS_SLOT)

    def ring(self, slot: str, *, full: bool = False) -> SimulatedEvent:
        """Another event for what is already there."""
        self._cursor += 1
        event = SimulatedEvent(f"ev_{len(self.events) + 1}", slot, self._newest(slot), self._cursor, full=full)
        for other in self.events.values():
            if other.slot == slot and other.status == "PENDING":
                other.status = "SUPERSEDED"
        self.events[event.id] = event
        self._wake()
        return event

    def restore(self, epoch: str, keep: Callable[[str], bool]) -> None:
        """Come back from a backup: another epoch, some slots gone."""
        self.epoch = epoch
        self.current = {slot: one for slot, one in self.current.items() if keep(slot)}
        self._wake()

    def let_leases_lapse(self) -> None:
        """What the passing of time does to held events."""
        for event in self.events.values():
            if event.status == "ACKNOWLEDGED" and event.lease_expires_at and event.lease_expires_at < self.clock.now():
                self._cursor += 1
                event.status, event.cursor = "PENDING", self._cursor
        self._wake()

    # what the agent calls

    async def enroll(self, enrolment: Enrolment) -> Enrolled:
        """See `ControlPlane`."""
        with self._faults("enroll"):
            self.enrolments.append(enrolment)
            self._sealing_public_key = enrolment.sealing_public_key
            return Enrolled(DATAPLANE, WORKSPACE, "agentrouter")

    async def poll(self, poll: Poll) -> Answer:
        """See `ControlPlane`."""
        self.polls.append(poll)
        with self._faults("poll"):
            while True:
                self._news.clear()
                answer = self._answer(poll)
                if _says_something(answer) or not poll.wait:
                    return self.tamper(answer)
                self.idle.set()
                try:
                    await self._news.wait()
                finally:
                    self.idle.clear()

    async def acknowledge(self, event_id: str, boot: Boot) -> HeldEvent:
        """See `ControlPlane`."""
        with self._faults("acknowledge"):
            event = self._event(event_id)
            if event.status not in ("PENDING", "ACKNOWLEDGED"):
                raise ControlPlaneRefused("FAILED_PRECONDITION", "EVENT_FINISHED", f"the event is {event.status}")
            if event.holder and event.holder.counter > boot.counter:
                raise ControlPlaneRefused("FAILED_PRECONDITION", "BOOT_TOO_OLD", "an older boot")
            if event.holder and event.holder.counter == boot.counter and event.holder != boot:
                raise ControlPlaneRefused("UNAUTHENTICATED", "IDENTITY_CLONED", "two agents use one identity")
            if event.holder != boot:
                event.holder, event.attempt = boot, event.attempt + 1
                event.fencing_token += 1
            event.status, event.lease_expires_at = "ACKNOWLEDGED", self.clock.now() + LEASE
            return HeldEvent(event.id, event.slot, event.version, event.fencing_token)

    async def complete(self, completion: Completion) -> None:
        """See `ControlPlane`."""
        with self._faults("complete"):
            event = self._event(completion.event_id)
            if event.completions and event.completions[-1] == completion:
                return
            if event.status not in ("PENDING", "ACKNOWLEDGED"):
                raise ControlPlaneRefused("FAILED_PRECONDITION", "EVENT_FINISHED", f"the event is {event.status}")
            if event.fencing_token != completion.fencing_token or not event.fencing_token:
                raise ControlPlaneRefused("FAILED_PRECONDITION", "FENCING_TOKEN_OLD", "the fencing token is old")
            assert event.version <= completion.version <= self._newest(event.slot)
            self._end(event, completion)

    async def close(self) -> None:
        """See `ControlPlane`."""

    # inside

    def _end(self, event: SimulatedEvent, completion: Completion) -> None:
        event.completions.append(completion)
        if completion.retryable:
            self._cursor += 1
            event.status, event.holder, event.cursor = "PENDING", None, self._cursor
            self._wake()
            return
        event.status = "APPLIED" if completion.applied else "FAILED"
        for other in self.events.values():
            live = other.status in ("PENDING", "ACKNOWLEDGED")
            if live and other.slot == event.slot and other.version <= completion.version:
                other.status = "SUPERSEDED"

    def _answer(self, poll: Poll) -> Answer:
        foreign = bool(poll.epoch) and poll.epoch != self.epoch
        resync = foreign or (0 < poll.since_revision < self.retained_from) or poll.since_revision > self.revision
        since = 0 if resync else poll.since_revision
        newer = sorted((one for one in self.current.values() if one.revision > since), key=lambda one: one.revision)
        page = newer[: self._page]
        more = len(newer) > len(page)
        return Answer(
            received=tuple(page),
            revocations=tuple((jti, end) for jti, end, revision in self.revocations if revision > since),
            revoked_to=max((revision for _, _, revision in self.revocations if revision > since), default=0),
            secrets=self._sealed_secrets(page),
            delivery_keys=self._sealed_keys() if page and self.secrets else (),
            events=() if more else self._pending(poll.event_cursor),
            revision=page[-1].revision if more else self.revision,
            epoch=self.epoch,
            more=more,
            resync=resync,
            next_poll_after=self.next_poll_after,
            event_cursor=poll.event_cursor if more else self._cursor,
        )

    def _pending(self, after: int) -> tuple[PendingEvent, ...]:
        pending = (one for one in self.events.values() if one.status == "PENDING" and one.cursor > after)
        ordered = sorted(pending, key=lambda one: one.cursor)
        return tuple(PendingEvent(one.id, one.slot, one.version, one.full) for one in ordered)

    def _sealed_secrets(self, page: list[Received]) -> tuple[SealedSecret, ...]:
        bodies = b"".join(one.document for one in page if isinstance(one, Configuration))
        return tuple(
            SealedSecret(ref, origin, self._delivery_key.id, self._encrypted(ref, origin, value))
            for ref, (origin, value) in self.secrets.items()
            if ref.encode() in bodies
        )

    def _encrypted(self, ref: str, origin: str, value: str) -> bytes:
        return encrypt_secret(
            self._delivery_key,
            workspace_id=WORKSPACE,
            ref=ref,
            origin=origin,
            plaintext=value.encode(),
            nonce=os.urandom(12),
        )

    def _sealed_keys(self) -> tuple[SealedDeliveryKey, ...]:
        context = delivery_context(WORKSPACE, DATAPLANE)
        sealed = seal_delivery_key(self._delivery_key, self._sealing_public_key, context)
        return (SealedDeliveryKey(self._delivery_key.id, sealed),)

    def _newest(self, slot: str) -> int:
        if slot == REVOCATIONS_SLOT:
            return self.revocations[-1][2] if self.revocations else 0
        return self.current[slot].version if slot in self.current else 0

    def _next_version(self, slot: str) -> int:
        return self._newest(slot) + 1

    def _event(self, event_id: str) -> SimulatedEvent:
        if event_id not in self.events:
            raise ControlPlaneRefused("NOT_FOUND", "NOT_FOUND", "no such event")
        return self.events[event_id]

    def _announce(self, slot: str, event: bool) -> None:
        if event:
            self.ring(slot)
        self._wake()

    def _wake(self) -> None:
        self.idle.clear()
        self._news.set()

    @contextlib.contextmanager
    def _faults(self, method: str) -> Iterator[None]:
        self.calls.append(method)
        _raise_next(self.before, method)
        yield
        _raise_next(self.after, method)


def _raise_next(faults: dict[str, list[BaseException | None]], method: str) -> None:
    waiting = faults.get(method)
    if waiting and (error := waiting.pop(0)) is not None:
        raise error


def _says_something(answer: Answer) -> bool:
    return bool(answer.received or answer.revocations or answer.events or answer.resync or answer.more)
