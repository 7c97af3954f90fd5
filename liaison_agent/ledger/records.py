"""Memory as JSON and back, part by part. What does not fit exactly raises: a ledger is trusted whole or not at all."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from liaison_agent.memory import (
    Completion,
    HeldEvent,
    Memory,
    Present,
    Proof,
    Received,
    Rejection,
    Reverted,
    Secret,
    SlotMemory,
    Tombstone,
    Value,
)
from liaison_agent.state import Configuration

Fields = dict[str, Any]


def dump(fields: Fields) -> bytes:
    """Fields as bytes."""
    return json.dumps(fields, separators=(",", ":")).encode()


def load(content: bytes) -> Fields:
    """Bytes as fields. Raises ValueError."""
    fields = json.loads(content)
    if not isinstance(fields, dict):
        raise ValueError("not an object")
    return fields


def facts_of(memory: Memory, history: str, serials: Mapping[int, int]) -> Fields:
    """Everything that is never rolled back, but for the slots; `serials`: which writing of each bucket it goes with."""
    return {
        "history": history,
        "workspace_id": memory.workspace_id,
        "epoch": memory.epoch,
        "revision": memory.revision,
        "secrets": {ref: [one.origin, one.value] for ref, one in memory.secrets.items()},
        "delivery_keys": {name: _text(key) for name, key in memory.delivery_keys.items()},
        "revocations": {jti: end.isoformat() for jti, end in memory.revocations.items()},
        "revoked_to": memory.revoked_to,
        "rejections": [_rejection(one) for one in memory.rejections.values()],
        "reverts": [_reverted(one) for one in memory.reverts.values()],
        "barred": sorted(memory.barred),
        "serials": {str(bucket): serial for bucket, serial in serials.items()},
    }


def memory_from(facts: Fields, slots: Mapping[str, SlotMemory], work: Fields) -> Memory:
    """The reverse, with the slots and the work in hand put in."""
    rejections = (Rejection(*one) for one in facts["rejections"])
    return Memory(
        workspace_id=facts["workspace_id"],
        epoch=facts["epoch"],
        revision=facts["revision"],
        slots=slots,
        secrets={ref: Secret(*one) for ref, one in facts["secrets"].items()},
        delivery_keys={name: _bytes(key) for name, key in facts["delivery_keys"].items()},
        revocations={jti: datetime.fromisoformat(end) for jti, end in facts["revocations"].items()},
        revoked_to=int(facts.get("revoked_to", 0)),  # facts of an older release have none
        rejections={one.slot: one for one in rejections},
        reverts={fields[0]: _reverted_from(*fields) for fields in facts.get("reverts", ())},  # nor of these
        barred=frozenset(facts["barred"]),
        held={one[0]: HeldEvent(*one) for one in work.get("held", ())},
        outbox=tuple(_completion(one) for one in work.get("outbox", ())),
    )


def serials_of(facts: Fields) -> dict[int, int]:
    """Which writing of each bucket the facts go with."""
    return {int(bucket): int(serial) for bucket, serial in facts["serials"].items()}


def work_of(memory: Memory) -> Fields:
    """Events held, and completions owed."""
    return {
        "held": [[one.id, one.slot, one.version, one.fencing_token] for one in memory.held.values()],
        "outbox": [_owed(one) for one in memory.outbox],
    }


def bucket_of(slots: Mapping[str, SlotMemory], history: str, serial: int) -> Fields:
    """Some slots. A last known good that is the newest version is not written twice."""
    return {"history": history, "serial": serial, "slots": {slot: _slot(known) for slot, known in slots.items()}}


def slots_from(bucket: Fields) -> dict[str, SlotMemory]:
    """The reverse of `bucket_of`."""
    return {slot: _slot_from(slot, fields) for slot, fields in bucket["slots"].items()}


def _slot(known: SlotMemory) -> Fields:
    good = "newest" if known.good is known.newest else known.good and _received(known.good)
    return {"newest": _received(known.newest), "good": good}


def _slot_from(slot: str, fields: Fields) -> SlotMemory:
    newest = _received_from(slot, fields["newest"])
    if fields["good"] is None:
        return SlotMemory(newest)
    return SlotMemory(newest, _present(newest if fields["good"] == "newest" else _received_from(slot, fields["good"])))


def _present(received: Received) -> Present:
    if isinstance(received, Tombstone):
        raise ValueError("a tombstone cannot be good")
    return received


def _received(one: Received) -> Fields:
    common = {"version": one.version, "revision": one.revision, "digest": one.digest}
    if isinstance(one, Configuration):
        scope = {"workspace_id": one.workspace_id, "user_id": one.user_id}
        return {**common, **scope, "document": _text(one.document)}
    return {**common, "value": _text(one.value)} if isinstance(one, Value) else common


def _received_from(slot: str, fields: Fields) -> Received:
    if "document" in fields:
        return Configuration(**{**fields, "document": _bytes(fields["document"])})
    if "value" in fields:
        return Value(slot, **{**fields, "value": _bytes(fields["value"])})
    return Tombstone(slot, **fields)


def _proof(one: Completion) -> list[Any] | None:
    if one.proof is None:
        return None
    return [one.proof.envoy_version, list(one.proof.resources), one.proof.applied_at.isoformat()]


def _rejection(one: Rejection) -> list[Any]:
    return [one.slot, one.version, one.workspace_version, one.reason, one.event_id]


def _reverted(one: Reverted) -> list[Any]:
    judged = [one.requests, one.failures, one.failure_ratio, one.window.total_seconds()]
    versions = [one.slot, one.from_version, one.to_version]
    return [*versions, *judged, one.reverted_at.isoformat(), one.reason, one.workspace_version]


def _reverted_from(
    slot: str,
    from_version: int,
    to_version: int,
    requests: int,
    failures: int,
    failure_ratio: float,
    seconds: float,
    reverted_at: str,
    reason: str,
    workspace_version: int,
) -> Reverted:
    window, moment = timedelta(seconds=seconds), datetime.fromisoformat(reverted_at)
    judged = (requests, failures, failure_ratio, window)
    return Reverted(slot, from_version, to_version, *judged, moment, reason, workspace_version)


def _owed(one: Completion) -> list[Any]:
    what = [one.event_id, one.slot, one.fencing_token, one.version, one.digest]
    return [*what, one.error, one.retryable, _proof(one), one.workspace_version, [_rejection(r) for r in one.rejected]]


def _completion(fields: list[Any]) -> Completion:
    """What an older release wrote ends earlier."""
    event_id, slot, token, version, digest, error, retryable, proof, *later = fields
    owed = Completion(event_id, slot, token, version, digest, error, retryable, proof and _proof_from(*proof))
    if not later:
        return owed
    workspace_version, rejected = later
    return replace(owed, workspace_version=workspace_version, rejected=tuple(Rejection(*one) for one in rejected))


def _proof_from(envoy_version: str, resources: list[tuple[str, str]], applied_at: str) -> Proof:
    pairs = tuple((name, digest) for name, digest in resources)
    return Proof(envoy_version, pairs, datetime.fromisoformat(applied_at))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
