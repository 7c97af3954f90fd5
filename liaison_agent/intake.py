"""Takes an answer of the control plane into memory: verified, only ever newer, nothing forgotten unasked. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contract.secret_refs import parse_secret_ref
from liaison_agent.memory import Memory, Received, Secret, SlotMemory, Tombstone, without
from liaison_agent.opener import Opened
from liaison_agent.ports import Answer
from liaison_agent.state import WORKSPACE_SLOT, Configuration, slot_of

REVOCATIONS_KEPT = timedelta(hours=48)

_REFERENCE = re.compile(rb"secret://[A-Za-z0-9._/-]{1,200}@[1-9][0-9]{0,18}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Taken:
    """Memory after an answer. `broken` maps a slot whose new version could not be taken to the reason; everything from
    `gap` on, the lowest revision of those, must be asked for again (None: nothing is broken)."""

    memory: Memory
    broken: Mapping[str, str]
    gap: int | None


def slot_of_received(received: Received) -> str:
    """The slot that something received belongs to."""
    return slot_of(received.user_id) if isinstance(received, Configuration) else received.slot


def take(memory: Memory, answer: Answer, opened: Opened, *, listing: bool, now: datetime) -> Taken:
    """Merge one answer. `listing`: part of a full listing, where what is listed counts even if it looks older (another
    epoch may have begun). `Memory.revision` and `epoch` are left alone: see `reached`."""
    broken: dict[str, str] = {}
    slots = dict(memory.slots)
    barred = set(memory.barred)
    gap: int | None = None
    for received in answer.received:
        slot = slot_of_received(received)
        if problem := _problem(received, opened, memory):
            broken[slot] = problem
            gap = received.revision if gap is None else min(gap, received.revision)
            continue
        known = slots.get(slot)
        if known and not listing and received.version <= known.newest.version:
            continue
        slots[slot] = SlotMemory(_same(known, received), known.good if known else None)
        _bar(barred, slot, received)
    merged = replace(
        memory,
        slots=slots,
        barred=memory.barred if barred == memory.barred else frozenset(barred),
        secrets={**memory.secrets, **opened.secrets} if opened.secrets else memory.secrets,
        delivery_keys=opened.delivery_keys,
        revocations=_revocations(memory.revocations, answer, now),
        revoked_to=max(memory.revoked_to, answer.revoked_to),
    )
    return Taken(without_needless_secrets(merged) if opened.secrets else merged, broken, gap)


def drop_unlisted(memory: Memory, listed: frozenset[str]) -> Memory:
    """After a full listing: what it did not name no longer exists, and becomes a tombstone, so it is taken away."""
    slots = dict(memory.slots)
    gone = set()
    for slot, known in memory.slots.items():
        if slot not in listed and not isinstance(known.newest, Tombstone):
            slots[slot] = SlotMemory(Tombstone(slot, known.newest.version, known.newest.revision), known.good)
            gone.add(slot)
    if not gone:
        return memory
    barred = memory.barred | {slot for slot in gone if _is_consumer(slot)}
    return replace(memory, slots=slots, barred=barred)


def forget_secrets_beyond(memory: Memory, listed: Mapping[str, Secret]) -> Memory:
    """After a full listing: a secret newer than the newest one listed of its name and origin is of a history that is
    gone, and must serve no longer."""
    newest: dict[tuple[str, str], int] = {}
    for ref, secret in listed.items():
        parsed = parse_secret_ref(ref)
        key = (parsed.name, secret.origin)
        newest[key] = max(newest.get(key, 0), parsed.version or 0)
    gone = set()
    for ref, secret in memory.secrets.items():
        parsed = parse_secret_ref(ref)
        if (parsed.version or 0) > newest.get((parsed.name, secret.origin), parsed.version or 0):
            gone.add(ref)
    return replace(memory, secrets=without(memory.secrets, frozenset(gone))) if gone else memory


def reached(memory: Memory, *, revision: int, epoch: str) -> Memory:
    """Everything up to `revision` of `epoch` is in memory."""
    if (memory.revision, memory.epoch) == (revision, epoch):
        return memory
    return replace(memory, revision=revision, epoch=epoch)


def references_in(document: bytes) -> frozenset[str]:
    """The versioned secret references that a delivered document names."""
    return frozenset(found.decode(errors="replace") for found in _REFERENCE.findall(document))


def secrets_to_serve(memory: Memory) -> Mapping[str, str]:
    """Each known reference with the newest value received for its name and origin, so that a return to an older
    document does not bring a rotated credential back. A value never moves to another origin."""
    newest: dict[tuple[str, str], tuple[int, str]] = {}
    for ref, secret in memory.secrets.items():
        parsed = parse_secret_ref(ref)
        key, version = (parsed.name, secret.origin), parsed.version or 0
        if key not in newest or version > newest[key][0]:
            newest[key] = version, secret.value
    return {ref: newest[parse_secret_ref(ref).name, secret.origin][1] for ref, secret in memory.secrets.items()}


def _problem(received: Received, opened: Opened, memory: Memory) -> str | None:
    if isinstance(received, Tombstone):
        return None
    body = received.document if isinstance(received, Configuration) else received.value
    if hashlib.sha256(body).hexdigest() != received.digest:
        return "the bytes received do not have the digest they were sent with; they are asked for again"
    if opened.failed and isinstance(received, Configuration):
        unopened = sorted((references_in(body) & opened.failed.keys()) - memory.secrets.keys())
        if unopened:
            return "; ".join(opened.failed[ref] for ref in unopened)
    return None


def _same(known: SlotMemory | None, received: Received) -> Received:
    """Keep the object that is already known, so that an unchanged slot is seen to be unchanged."""
    return known.newest if known and known.newest == received else received


def _bar(barred: set[str], slot: str, received: Received) -> None:
    if not _is_consumer(slot):
        return
    if isinstance(received, Tombstone) or (isinstance(received, Configuration) and _is_disabled(received.document)):
        barred.add(slot)
    else:
        barred.discard(slot)


def _is_consumer(slot: str) -> bool:
    return slot.startswith(WORKSPACE_SLOT) and slot != WORKSPACE_SLOT


def _is_disabled(document: bytes) -> bool:
    try:
        found = json.loads(document)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("enabled") is False


def _revocations(known: Mapping[str, datetime], answer: Answer, now: datetime) -> Mapping[str, datetime]:
    """They only grow, and go 48 h after the key would have expired anyway."""
    if not answer.revocations:
        return known
    grown = dict(known)
    for jti, expires_at in answer.revocations:
        grown[jti] = max(expires_at, known.get(jti, expires_at))
    forgotten = now - REVOCATIONS_KEPT  # an end may be the last moment of the calendar: nothing can be added to it
    return without(grown, frozenset(jti for jti, end in grown.items() if end < forgotten))


def without_needless_secrets(memory: Memory) -> Memory:
    """Forget values that no version in memory refers to, but keep the newest of a name: it may serve an older one."""
    wanted = frozenset().union(*(references_in(body) for body in _bodies(memory)))
    names = {parse_secret_ref(ref).name for ref in wanted}
    newest: dict[str, int] = {}
    for ref in memory.secrets:
        parsed = parse_secret_ref(ref)
        newest[parsed.name] = max(newest.get(parsed.name, 0), parsed.version or 0)
    gone = set()
    for ref in memory.secrets.keys() - wanted:
        parsed = parse_secret_ref(ref)
        if parsed.name not in names or parsed.version != newest[parsed.name]:
            gone.add(ref)
    return replace(memory, secrets=without(memory.secrets, frozenset(gone)))


def _bodies(memory: Memory) -> Iterable[bytes]:
    for slot in memory.slots.values():
        for held in (slot.newest, slot.good):
            if isinstance(held, Configuration):
                yield held.document
