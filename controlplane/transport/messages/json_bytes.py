"""JSON bytes of the domain as google.protobuf.Struct on the wire, and back."""

from __future__ import annotations

import json

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from controlplane.domain.errors import FieldFault, InvalidInput

METADATA_BYTES = 64 * 1024


def struct(value: bytes) -> Struct | None:
    """None for no bytes."""
    if not value:
        return None
    return json_format.Parse(value, Struct())


def read_struct(message: object, field: str) -> bytes:
    """Canonical JSON of a Struct field, empty when absent. Raises InvalidInput over 64 KiB or for NaN."""
    if not message.HasField(field):  # type: ignore[attr-defined]
        return b""
    try:
        document = json_format.MessageToDict(getattr(message, field))
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError, json_format.Error):
        raise _refused(field, "holds what JSON cannot") from None
    if len(text) > METADATA_BYTES:
        raise _refused(field, f"is {len(text)} bytes of JSON; at most {METADATA_BYTES} are kept")
    return text


def _refused(field: str, problem: str) -> InvalidInput:
    return InvalidInput(f"{field} {problem}", (FieldFault(field, "value", problem),))
