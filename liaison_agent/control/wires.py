"""What both wires give: one unary call, and one kind of failure that carries the google.rpc details."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Protocol

from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from contract.connections import meaning_of
from liaison_agent.ports import ControlPlaneError, ControlPlaneRefused, ControlPlaneUnreachable

MAX_ANSWER_BYTES = 64 * 1024 * 1024
_NOT_NOW = frozenset(
    {
        "ABORTED",
        "CANCELED",
        "CANCELLED",
        "DATA_LOSS",
        "DEADLINE_EXCEEDED",
        "INTERNAL",
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
        "UNKNOWN",
    }
)
_TEXT_CHARACTERS = 1000


class Procedure(Enum):
    """The procedures the agent calls, by their names over there."""

    GET_CONFIGURATION = "GetConfiguration"
    ACKNOWLEDGE_EVENT = "AcknowledgeEvent"
    COMPLETE_EVENT = "CompleteEvent"
    ENROLL_DATAPLANE = "EnrollDataplane"


class WireFailure(Exception):
    """A call that gave no answer. `code` in gRPC's words, `details` packed google.rpc messages."""

    def __init__(self, code: str, text: str, details: Sequence[Any] = ()) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.details = details


class Wire(Protocol):
    """One way to make a call."""

    async def call(self, procedure: Procedure, request: Message, *, token: str | None, within: timedelta) -> Message:
        """The response, of the type that belongs to the procedure. Raises `WireFailure`; may be cancelled."""

    async def close(self) -> None:
        """Let go of connections."""


def error_of(failure: WireFailure) -> ControlPlaneError:
    """Theirs or ours."""
    text = f"{failure.code}: {failure.text[:_TEXT_CHARACTERS]}"
    if failure.code in _NOT_NOW:
        meaning = meaning_of(failure.text) if failure.code == "UNAVAILABLE" else ""
        return ControlPlaneUnreachable(f"{meaning} ({text})" if meaning else text, _retry_after(failure))
    return ControlPlaneRefused(failure.code, _info(failure).reason, text)


def server_time_of(failure: WireFailure) -> datetime | None:
    """The control plane's time, when it refused a token because of ours."""
    info = _info(failure)
    if info.reason not in ("TOKEN_EXPIRED", "TOKEN_NOT_YET_VALID"):
        return None
    try:
        told = datetime.fromisoformat(info.metadata["server_time"])
    except (KeyError, ValueError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _info(failure: WireFailure) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo()
    for detail in failure.details:
        if detail.Is(info.DESCRIPTOR) and detail.Unpack(info):
            break
    return info


def _retry_after(failure: WireFailure) -> timedelta | None:
    retry = error_details_pb2.RetryInfo()
    for detail in failure.details:
        if detail.Is(retry.DESCRIPTOR) and detail.Unpack(retry):
            delay: timedelta = retry.retry_delay.ToTimedelta()
            return delay
    return None
