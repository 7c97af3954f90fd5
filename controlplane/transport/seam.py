"""The one path of every call on every wire: authenticate, decode, check, hand over; what fails becomes a WireError."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from google.protobuf.message import Message

from controlplane.domain.callers import Caller
from controlplane.domain.errors import InvalidInput
from controlplane.services.answers import RequestKey
from controlplane.services.authentication import Authenticator
from controlplane.transport.calls import Call, caller_id
from controlplane.transport.decoding import decode_binary, decode_json
from controlplane.transport.errors import WireError, not_in_this_release, wire_error
from controlplane.transport.metrics import Metrics
from controlplane.transport.operations import Operation
from controlplane.transport.validation import validate

BEARER = "bearer "
OPEN = frozenset({"/agentrouter.management.v1.DataplaneService/EnrollDataplane"})


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came: its bytes and whether they are JSON."""

    data: bytes | bytearray | memoryview
    json: bool = False


class Seam:
    """Made once, shared by both servers. `mac` keys the comparison of repeated requests."""

    def __init__(self, authenticator: Authenticator, mac: Callable[[bytes, str], bytes], metrics: Metrics) -> None:
        self._authenticator = authenticator
        self._mac = mac
        self._metrics = metrics

    async def call(self, operation: Operation, incoming: Incoming, authorization: str, wire: str) -> Message:
        """The answer. Raises WireError and nothing else (but a cancellation)."""
        began = time.perf_counter()
        code = "OK"
        try:
            return await self._carry_out(operation, incoming, authorization, wire)
        except Exception as error:
            refused = wire_error(error)
            code = refused.code_name
            raise refused from None
        finally:
            self._metrics.count(operation.path, wire, code, time.perf_counter() - began)

    async def stream(
        self, operation: Operation, incoming: Incoming, authorization: str, wire: str
    ) -> AsyncGenerator[Message]:
        """The answers, as they come. Raises WireError and nothing else (but a cancellation); close it to end the work.

        Counted once, when it ends; one that the caller gave up counts as CANCELLED.
        """
        began = time.perf_counter()
        code = "CANCELLED"
        try:
            if operation.streamer is None:
                raise not_in_this_release(operation.path)
            message, call = await self._admit(operation, incoming, authorization, wire)
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

    async def _carry_out(self, operation: Operation, incoming: Incoming, authorization: str, wire: str) -> Message:
        if operation.handler is None:
            raise not_in_this_release(operation.path)
        message, call = await self._admit(operation, incoming, authorization, wire)
        return await operation.handler(message, call)

    async def _admit(
        self, operation: Operation, incoming: Incoming, authorization: str, wire: str
    ) -> tuple[Message, Call]:
        """Who calls, and the request decoded and checked."""
        caller = await self._authenticator.authenticate(bearer_of(authorization))
        decode = decode_json if incoming.json else decode_binary
        message = decode(incoming.data, operation.request)
        validate(message)
        request_id = getattr(message, "request_id", "")
        key = self._request_key(operation, caller, message, request_id) if request_id else None
        return message, Call(caller, wire, key)

    def _request_key(self, operation: Operation, caller: Caller, message: Message, request_id: str) -> RequestKey:
        """The body is compared without its id, as a keyed mac: it may hold what must not be kept."""
        bare = type(message)()
        bare.CopyFrom(message)
        bare.ClearField("request_id")
        mac = self._mac(bare.SerializeToString(deterministic=True), f"request/{operation.path}")
        return RequestKey(caller_id(caller), operation.path, request_id, mac)


def bearer_of(authorization: str) -> str:
    """What follows "Bearer "; a header of another scheme is answered like a malformed token."""
    if not authorization:
        return ""
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return authorization.strip()


def refuse_request_id(call: Call) -> None:
    """For RPCs whose answers are not kept yet: better refused than silently carried out twice."""
    if call.request_key is not None:
        raise InvalidInput("request_id is not supported by this RPC in this release: leave it out")


__all__ = ["Incoming", "Seam", "WireError", "bearer_of", "refuse_request_id"]
