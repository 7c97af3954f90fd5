"""Carries a call out: for real or as a rehearsal, once under its id, or by giving the answer that it got before."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from controlplane.services.answers import AnsweredBefore
from controlplane.services.rehearsals import names_undone
from controlplane.transport.calls import Answer, Call
from controlplane.transport.errors import not_in_this_release
from controlplane.transport.kept_answers import is_secret, leave_out, told_again
from controlplane.transport.operations import Operation


def carry_out(operation: Operation, message: Message, call: Call) -> Awaitable[Answer]:
    """The answer of a call that does not stream. Raises what the use case raises, WireError when there is none.

    No coroutine itself, so that nothing here keeps the request while a poll hangs.
    """
    if getattr(message, "validate_only", False):
        if operation.rehearsal is None:
            raise not_in_this_release(operation.path)
        return _rehearsed(_first_or_again(operation, operation.rehearsal(message, call)))
    if operation.handler is None:
        raise not_in_this_release(operation.path)
    return _first_or_again(operation, operation.handler(message, call))


async def _first_or_again(operation: Operation, answering: Awaitable[Answer]) -> Answer:
    try:
        return await answering
    except AnsweredBefore as before:
        return told_again(operation.response, before.answer)


async def _rehearsed(answering: Awaitable[Answer]) -> Answer:
    """What names or opens something that was undone is left out."""
    answer = await answering
    if isinstance(answer, Message):
        leave_out(answer, _is_unreal)
    return answer


def _is_unreal(field: FieldDescriptor, value: Any) -> bool:
    return is_secret(field, value) or (isinstance(value, str) and names_undone(value))
