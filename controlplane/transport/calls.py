"""What a handler knows of a call besides its message, and what it may answer."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import Message

from controlplane.domain.callers import AnonymousCaller, Caller, DataplaneCaller
from controlplane.services.answers import RequestKey


@dataclass(frozen=True, slots=True)
class Spliced:
    """An answer in two parts: bytes of its message that many answers share, and a message with the rest of its fields.
    Encoded parts of one message that follow each other are that message."""

    shared: bytes
    own: Message

    def SerializeToString(self) -> bytes:
        """The whole answer."""
        return self.shared + self.own.SerializeToString()

    def message(self) -> Message:
        """The same as one message."""
        return type(self.own).FromString(self.SerializeToString())

    def ByteSize(self) -> int:
        """Of the whole answer."""
        return len(self.shared) + self.own.ByteSize()


Answer = Message | Spliced


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, over which wire (`grpc`, `connect`, `rest`), and the key under which a repetition is recognised."""

    caller: Caller
    wire: str
    request_key: RequestKey | None = None

    @property
    def caller_id(self) -> str:
        """The management key's or data plane's id; empty for nobody."""
        return caller_id(self.caller)


def caller_id(caller: Caller) -> str:
    """The management key's or data plane's id; empty for nobody."""
    if isinstance(caller, AnonymousCaller):
        return ""
    return caller.dataplane_id if isinstance(caller, DataplaneCaller) else caller.key_id
