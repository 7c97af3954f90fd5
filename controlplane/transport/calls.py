"""What a handler knows of a call besides its message, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from google.protobuf.message import Message

from controlplane.domain.callers import AnonymousCaller, Caller, DataplaneCaller
from controlplane.services.answers import RequestKey
from controlplane.transport.kept_answers import to_keep


@dataclass(frozen=True, slots=True)
class Spliced:
    """An answer in encoded parts, some of which many answers share: parts of one message (`kind`) that follow each
    other are that message."""

    kind: type[Message]
    parts: tuple[bytes, ...]

    def SerializeToString(self) -> bytes:
        """The whole answer."""
        return b"".join(self.parts)

    def message(self) -> Message:
        """The same as one message."""
        return self.kind.FromString(self.SerializeToString())

    def ByteSize(self) -> int:
        """Of the whole answer."""
        return sum(map(len, self.parts))


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

    def once(self, told: Callable[[Any], Message]) -> RequestKey | None:
        """The key of a request that came with an id; `told` makes the answer of what the use case brings."""
        if self.request_key is None:
            return None
        return replace(self.request_key, encode=lambda result: to_keep(told(result)))


def caller_id(caller: Caller) -> str:
    """The management key's or data plane's id; empty for nobody."""
    if isinstance(caller, AnonymousCaller):
        return ""
    return caller.dataplane_id if isinstance(caller, DataplaneCaller) else caller.key_id
