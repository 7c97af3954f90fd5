"""Answers as they are kept for a repeated request: in full, without what is shown once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

Unwanted = Callable[[FieldDescriptor, Any], bool]
WELL_KNOWN = "google.protobuf"


def to_keep(answer: Message) -> bytes:
    """Without its secrets."""
    kept = type(answer)()
    kept.CopyFrom(answer)
    leave_out(kept, is_secret)
    return kept.SerializeToString(deterministic=True)


def told_again(kind: type[Message], kept: bytes) -> Message:
    """The answer; where a secret belongs to it, with `already_shown`."""
    answer = kind.FromString(kept)
    if "already_shown" in kind.DESCRIPTOR.fields_by_name:
        answer.already_shown = True  # type: ignore[attr-defined]
    return answer


def leave_out(message: Message, unwanted: Unwanted) -> None:
    """Clear every unwanted value, however deep; of a list, the unwanted ones."""
    for field, value in message.ListFields():
        if field.message_type is None:
            if not field.is_repeated:
                if unwanted(field, value):
                    message.ClearField(field.name)
            elif any(unwanted(field, each) for each in value):
                value[:] = [each for each in value if not unwanted(field, each)]
        elif field.message_type.file.package != WELL_KNOWN and not field.message_type.GetOptions().map_entry:
            for each in value if field.is_repeated else (value,):
                leave_out(each, unwanted)


def is_secret(field: FieldDescriptor, _value: Any) -> bool:
    """Whether the contract says that the field is not to be shown."""
    return bool(field.GetOptions().debug_redact)
