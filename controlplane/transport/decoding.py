"""From bytes to a request message: malformed input is the caller's fault, and the answer says no more than where."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from controlplane.domain.errors import InvalidInput

JSON_DEPTH = 50


def decode_binary(data: bytes | bytearray | memoryview, kind: type[Message]) -> Message:
    """Raises InvalidInput."""
    try:
        return kind.FromString(bytes(data))
    except (DecodeError, ValueError, RecursionError):
        raise _malformed(kind, "is not a valid protobuf message") from None


def decode_json(data: bytes | bytearray | memoryview, kind: type[Message]) -> Message:
    """Unknown fields and enum values are refused. Raises InvalidInput."""
    try:
        text = bytes(data).decode("utf-8")
        return json_format.Parse(text or "{}", kind(), max_recursion_depth=JSON_DEPTH)
    except json_format.ParseError as error:
        raise _malformed(kind, f"is not valid JSON of this message: {_first_line(error)}") from None
    except (UnicodeDecodeError, ValueError, RecursionError, OverflowError, TypeError, AttributeError):
        raise _malformed(kind, "is not valid JSON of this message") from None


def encode_json(message: Message, *, snake_case: bool = False) -> bytes:
    """Proto JSON, lowerCamelCase unless asked otherwise."""
    return json_format.MessageToJson(message, preserving_proto_field_name=snake_case, indent=None).encode()


def _malformed(kind: type[Message], problem: str) -> InvalidInput:
    name: Any = kind.DESCRIPTOR.full_name
    return InvalidInput(f"the request {problem} (expected {name})", reason="MALFORMED_REQUEST")


def _first_line(error: Exception) -> str:
    """The parser's own words are safe: field names and what was expected; values are cut."""
    return str(error).splitlines()[0][:200]
