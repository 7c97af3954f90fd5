"""JSON bytes of the domain as google.protobuf.Struct on the wire, and back."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from controlplane.domain.errors import FieldFault, InvalidInput

METADATA_BYTES = 64 * 1024
METADATA_DEPTH = 16  # a message that holds the metadata may be nested a hundred levels at most, three for one of JSON's


def struct(value: bytes) -> Struct | None:
    """None for no bytes."""
    if not value:
        return None
    return json_format.Parse(value, Struct())


def read_struct(message: object, field: str) -> bytes:
    """Canonical JSON of a Struct field, empty when absent. Raises InvalidInput over 64 KiB or for NaN."""
    if not message.HasField(field):  # type: ignore[attr-defined]
        return b""
    value = getattr(message, field)
    if value.ByteSize() > 4 * METADATA_BYTES:  # not worth reading: no JSON is so much smaller than its message
        raise _refused(field, f"is too large; at most {METADATA_BYTES} bytes of JSON are kept")
    try:
        document = json_format.MessageToDict(value)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError, json_format.Error):
        raise _refused(field, "holds what JSON cannot") from None
    if len(text) > METADATA_BYTES:
        raise _refused(field, f"is {len(text)} bytes of JSON; at most {METADATA_BYTES} are kept")
    if _deeper(document, METADATA_DEPTH):
        raise _refused(field, f"is nested more than {METADATA_DEPTH} levels deep")
    return text


def _deeper(document: Any, levels: int) -> bool:
    if not isinstance(document, dict | list):
        return False
    parts = document.values() if isinstance(document, dict) else document
    return levels == 0 or any(_deeper(part, levels - 1) for part in parts)


def _refused(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"{field} {problem}", (FieldFault(field, "value", problem),))
