"""From bytes to a request message: malformed input is the caller's fault, and the answer says no more than where."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from agentrouter.configurator.v1.configurations_pb2 import GetConfigurationResponse
from controlplane.domain.errors import FieldFault, InvalidInput
from controlplane.transport.bounds import check_bounds, check_json_bounds
from controlplane.transport.calls import Answer, Spliced

JSON_DEPTH = 50
UNCHANGED = 100  # bytes: a GetConfigurationResponse of less holds counters only
LARGE = 64 * 1024  # bytes: smaller ones are not worth a look before they are decoded
_PARSED_FIELD = re.compile(r"Failed to parse (\S{1,200}?) field")
_NO_FIELD = re.compile(r'has no field named "([^"]{1,200})')


def decode_binary(data: bytes | bytearray | memoryview, kind: type[Message]) -> Message:
    """Raises InvalidInput."""
    try:
        message = kind.FromString(bytes(data))
    except (DecodeError, ValueError, RecursionError):
        raise _malformed(kind, "is not a valid protobuf message") from None
    if len(data) > LARGE:
        check_bounds(message)
    return message


def decode_json(data: bytes | bytearray | memoryview, kind: type[Message]) -> Message:
    """Unknown fields and enum values are refused. Raises InvalidInput."""
    try:
        text = bytes(data).decode("utf-8")
        if len(text) > LARGE:
            check_json_bounds(json.loads(text), kind)
        if text.lstrip()[:1] == "[":  # the library takes an empty list for an empty message
            raise ValueError
        return json_format.Parse(text or "{}", kind(), max_recursion_depth=JSON_DEPTH)
    except json_format.ParseError as error:
        raise _not_json_of(kind, str(error)) from None
    except (UnicodeDecodeError, ValueError, RecursionError, OverflowError, TypeError, AttributeError):
        raise _malformed(kind, "is not valid JSON of this message") from None


def encode_json(answer: Answer, *, snake_case: bool = False) -> bytes:
    """Proto JSON, lowerCamelCase unless asked otherwise."""
    message = answer.message() if isinstance(answer, Spliced) else answer
    if isinstance(message, GetConfigurationResponse) and message.ByteSize() < UNCHANGED:
        return _unchanged_json(message.SerializeToString(), snake_case)
    return _json(message, snake_case)


@lru_cache(maxsize=1000)
def _unchanged_json(data: bytes, snake_case: bool) -> bytes:
    """The answer that is given again and again; it is too short to carry a document or a secret."""
    return _json(GetConfigurationResponse.FromString(data), snake_case)


def _json(message: Message, snake_case: bool) -> bytes:
    return json_format.MessageToJson(message, preserving_proto_field_name=snake_case, indent=None).encode()


def _malformed(kind: type[Message], problem: str, faults: tuple[FieldFault, ...] = ()) -> InvalidInput:
    name: Any = kind.DESCRIPTOR.full_name
    return InvalidInput(f"the request {problem} (expected {name})", faults, reason="MALFORMED_REQUEST")


def _not_json_of(kind: type[Message], said: str) -> InvalidInput:
    """Names of fields are repeated from the parser's words, values never: they may be secrets."""
    unknown = _NO_FIELD.search(said)
    way = _PARSED_FIELD.findall(said)
    if unknown:
        fault = FieldFault(".".join([*way, unknown[1]]), "unknown_field", "is no field of this message")
    elif way:
        fault = FieldFault(".".join(way), "json", "has a value that this field cannot have")
    else:
        place = said.splitlines()[0][:200] if said.startswith("Failed to load JSON") else ""
        return _malformed(kind, f"is not valid JSON of this message{': ' if place else ''}{place}")
    return _malformed(kind, f"is not valid JSON of this message: {fault.path} {fault.message}", (fault,))
