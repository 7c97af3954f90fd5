"""A refusal, the same whichever wire brought it: code, message, and the google.rpc details unpacked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any as Anything
from typing import TypeVar

import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2

M = TypeVar("M", bound=Message)
Answer = TypeVar("Answer")
COME_AGAIN = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED"})  # each with a pause to wait: a busy machine has many wait


class Refused(Exception):
    """What a client got instead of an answer. `code` is the name gRPC has for it."""

    def __init__(self, code: str, message: str, details: list[Any]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details

    @property
    def info(self) -> Anything:
        """The ErrorInfo; every refusal of ours has one."""
        return self._detail(error_details_pb2.ErrorInfo)

    @property
    def reason(self) -> str:
        """ErrorInfo.reason; the domain is checked on the way."""
        assert self.info.domain == "agentrouter"
        return str(self.info.reason)

    @property
    def faults(self) -> dict[str, str]:
        """BadRequest: description by field path."""
        found = self._detail(error_details_pb2.BadRequest)
        return {violation.field: violation.description for violation in found.field_violations}

    @property
    def retry_after(self) -> timedelta:
        """RetryInfo."""
        delay: timedelta = self._detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta()
        return delay

    @property
    def preconditions(self) -> list[str]:
        """PreconditionFailure: the types of its violations."""
        return [each.type for each in self._detail(error_details_pb2.PreconditionFailure).violations]

    @property
    def said(self) -> tuple[str, str, list[bytes]]:
        """Everything that could tell two refusals apart."""
        return self.code, self.message, [detail.value for detail in self.details]

    def _detail(self, kind: type[M]) -> M:
        message = kind()
        for detail in self.details:
            if detail.Unpack(message):
                return message
        raise AssertionError(f"{self} has no {kind.DESCRIPTOR.name} among {[each.type_url for each in self.details]}")


async def patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """What comes of it in the end: who is told to come again does so, when it is told to. Raises Refused."""
    while True:
        try:
            return await ask()
        except Refused as refused:
            if refused.code not in COME_AGAIN:
                raise
            pause = refused.retry_after.total_seconds()
        await asyncio.sleep(pause)


class Caught:
    """Holds the refusal once the block has ended."""

    refused: Refused

    def __getattr__(self, name: str) -> Anything:
        return getattr(self.refused, name)


@contextmanager
def refusal(code: str, reason: str = "") -> Iterator[Caught]:
    """The block must be refused with this code, and with this reason if one is given."""
    caught = Caught()
    with pytest.raises(Refused) as raised:
        yield caught
    caught.refused = raised.value
    assert raised.value.code == code, raised.value
    assert raised.value.reason == (reason or raised.value.reason), raised.value
