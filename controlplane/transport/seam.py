"""The one path of every call on every wire: authenticate, decode, check, hand over; what fails becomes a WireError."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from google.protobuf.message import Message

from controlplane.domain.callers import AnonymousCaller, Caller
from controlplane.services.answers import RequestKey
from controlplane.services.authentication import Authenticator
from controlplane.services.ports import Vault
from controlplane.transport.calls import Answer, Call, caller_id
from controlplane.transport.decoding import LARGE, decode_binary, decode_json
from controlplane.transport.errors import (
    REQUEST_BYTES,
    WireError,
    answer_too_large,
    not_in_this_release,
    too_large,
    wire_error,
)
from controlplane.transport.execution import carry_out
from controlplane.transport.metrics import Metrics
from controlplane.transport.operations import Operation
from controlplane.transport.validation import refuse_nul, validate

BEARER = "bearer "
LARGE_AT_ONCE = 2
OPEN_BYTES = 64 * 1024
ANSWER_BYTES = 64 * 1024 * 1024
# What needs no credential: one that is sent all the same, perhaps of an identity long gone, is not looked at.
OPEN = frozenset({"/agentrouter.management.v1.DataplaneService/EnrollDataplane"})

# What a gateway says of itself is kept whatever is in it.
SPOKEN_BY_GATEWAYS = frozenset(
    f"/agentrouter.configurator.v1.ConfiguratorService/{name}" for name in ("GetConfiguration", "CompleteEvent")
)
NULS = (b"\0", b"\\u0000")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came: its bytes and whether they are JSON."""

    data: bytes | bytearray | memoryview
    json: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call comes from: `grpc`, `connect` or `rest`, and the address of whoever is at the other end."""

    wire: str
    peer: str

    def __str__(self) -> str:
        return f"{self.wire} {self.peer}".strip()


class Seam:
    """Made once, shared by both servers. `vault` keys the comparison of repeated requests."""

    def __init__(self, authenticator: Authenticator, vault: Vault, metrics: Metrics) -> None:
        self._authenticator = authenticator
        self._vault = vault
        self._metrics = metrics
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def call(
        self, operation: Operation, incoming: Incoming, authorization: str, wire: str, peer: str = ""
    ) -> Answer:
        """The answer. `peer`: the caller's address. Raises WireError and nothing else (but a cancellation)."""
        began = time.perf_counter()
        code = "CANCELLED"
        try:
            if operation.handler is None:
                raise not_in_this_release(operation.path)
            # Handed on without a name of its own: while a poll hangs, its request is not kept.
            answer = await carry_out(
                operation, *await self._admit(operation, incoming, authorization, Origin(wire, peer))
            )
            if answer.ByteSize() > ANSWER_BYTES:
                raise answer_too_large(ANSWER_BYTES)
            code = "OK"
            return answer
        except Exception as error:
            refused = wire_error(error)
            code = refused.code_name
            raise refused from None
        finally:
            self._metrics.count(operation.path, wire, code, time.perf_counter() - began)

    async def stream(
        self, operation: Operation, incoming: Incoming, authorization: str, wire: str, peer: str = ""
    ) -> AsyncGenerator[Message]:
        """The answers, as they come. Raises WireError and nothing else (but a cancellation); close it to end the work.

        Counted once, when it ends; one that the caller gave up counts as CANCELLED.
        """
        began = time.perf_counter()
        code = "CANCELLED"
        try:
            if operation.streamer is None:
                raise not_in_this_release(operation.path)
            message, call = await self._admit(operation, incoming, authorization, Origin(wire, peer))
            async with aclosing(operation.streamer(message, call)) as answers:
                async for answer in answers:
                    yield answer
            code = "OK"
        except Exception as error:
            refused = wire_error(error)
            code = refused.code_name
            raise refused from None
        finally:
            self._metrics.count(operation.path, wire, code, time.perf_counter() - began)

    async def _admit(
        self, operation: Operation, incoming: Incoming, authorization: str, origin: Origin
    ) -> tuple[Message, Call]:
        """Who calls, and the request decoded and checked."""
        calls_from = str(origin)
        caller: Caller
        if operation.path in OPEN:
            caller = AnonymousCaller(calls_from)
        else:
            caller = await self._authenticator.authenticate(bearer_of(authorization), calls_from)
        message = await self._read(operation, incoming)
        request_id = getattr(message, "request_id", "")
        key = self._request_key(operation, caller, message, request_id) if request_id else None
        return message, Call(caller, origin.wire, key)

    async def _read(self, operation: Operation, incoming: Incoming) -> Message:
        """Decoded and checked; what takes long does so in a thread, a few at a time, while others are served."""
        size = len(incoming.data)
        if size <= LARGE:
            return _checked(operation, incoming)
        most = OPEN_BYTES if operation.path in OPEN else REQUEST_BYTES
        if size > most:
            raise too_large(most)
        async with self._large:
            return await asyncio.to_thread(_checked, operation, incoming)

    def _request_key(self, operation: Operation, caller: Caller, message: Message, request_id: str) -> RequestKey:
        """The body is compared without its id, as a keyed mac: it may hold what must not be kept.

        A dry run is answered as the real call would be, also where that was answered before.
        """
        bare = type(message)()
        bare.CopyFrom(message)
        bare.ClearField("request_id")
        if operation.rehearsal is not None:
            bare.ClearField("validate_only")
        body, purpose = bare.SerializeToString(deterministic=True), f"answer/{operation.path}"
        mac, former = self._vault.mac(body, purpose), self._vault.former_macs(body, purpose)

        def release_before() -> tuple[bytes, ...]:
            purpose = f"request/{operation.path}"
            return self._vault.mac(body, purpose), *self._vault.former_macs(body, purpose)

        return RequestKey(caller_id(caller), operation.path, request_id, mac, former, release_before)


def _checked(operation: Operation, incoming: Incoming) -> Message:
    decode = decode_json if incoming.json else decode_binary
    message = decode(incoming.data, operation.request)
    validate(message)
    if operation.path not in SPOKEN_BY_GATEWAYS and any(nul in bytes(incoming.data) for nul in NULS):
        refuse_nul(message)
    return message


def bearer_of(authorization: str) -> str:
    """What follows "Bearer "; a header of another scheme is answered like a malformed token."""
    if not authorization:
        return ""
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return authorization.strip()


__all__ = ["Incoming", "Seam", "WireError", "bearer_of"]
