"""Events on the wire."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

from google.protobuf import json_format

from agentrouter.configurator.v1 import events_pb2 as pb
from controlplane.domain.dataplanes import Boot, RejectedVersion
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.services.events import CompleteEvent
from controlplane.services.outcomes import Details
from controlplane.transport.messages.json_bytes import struct
from controlplane.transport.messages.times import timestamp

TYPES = {kind: f"EVENT_TYPE_{kind.name}" for kind in EventType}
STATUSES = {status: f"EVENT_STATUS_{status.name}" for status in EventStatus}
OWN: dict[str, Any] = {"id": "", "dataplane_id": "", "etag": "", "cursor": 0}  # in which the events of one ring differ
IN_COMMON = tuple(each.name for each in fields(Event) if each.name not in OWN)
_in_common = attrgetter(*IN_COMMON)


def event(value: Event) -> pb.Event:
    """With its proof, payload and metadata."""
    return pb.Event(
        id=value.id,
        workspace_id=value.workspace_id,
        dataplane_id=value.dataplane_id,
        type=TYPES[value.type],
        slot=value.slot,
        status=STATUSES[value.status],
        user_id=value.user_id,
        configuration_version=value.configuration_version,
        payload=struct(value.payload),
        metadata=struct(value.metadata),
        etag=value.etag,
        attempt=value.attempt,
        fencing_token=value.fencing_token,
        lease_expires_at=timestamp(value.lease_expires_at),
        error=value.error,
        created_at=timestamp(value.created_at),
        acknowledged_at=timestamp(value.acknowledged_at),
        completed_at=timestamp(value.completed_at),
        superseded_by=value.superseded_by,
        proof=proof(value.proof),
    )


def encoded(value: Event) -> bytes:
    """The same in bytes: what it has in common with others of its ring is encoded for the first of them."""
    own = pb.Event(id=value.id, dataplane_id=value.dataplane_id, etag=value.etag)
    return own.SerializeToString() + _encoded_in_common(_in_common(value))


@lru_cache(maxsize=32)
def _encoded_in_common(values: tuple[Any, ...]) -> bytes:
    return event(Event(**OWN, **dict(zip(IN_COMMON, values, strict=True)))).SerializeToString()


def proof(value: bytes) -> pb.ApplyProof | None:
    """The stored JSON of a proof; None when there is none."""
    if not value:
        return None
    return json_format.Parse(value, pb.ApplyProof(), ignore_unknown_fields=True)


def read_boot(value: pb.Boot) -> Boot:
    """The boot of a request."""
    return Boot(value.counter, value.nonce)


def read_completion(request: pb.CompleteEventRequest) -> CompleteEvent:
    """A completion; its proof is kept as JSON."""
    kept = json_format.MessageToJson(request.proof, indent=None).encode() if request.HasField("proof") else b""
    return CompleteEvent(
        event_id=request.event_id,
        applied=request.outcome == pb.EVENT_OUTCOME_APPLIED,
        version=request.version,
        digest=request.digest,
        fencing_token=request.fencing_token,
        retryable=request.retryable,
        error=request.error,
        proof=kept,
        details=Details(
            workspace_version=request.workspace_version,
            refused=tuple(
                RejectedVersion(each.slot, each.version, each.reason, each.workspace_version)
                for each in request.rejected
            ),
        ),
    )
