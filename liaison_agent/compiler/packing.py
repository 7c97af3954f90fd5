"""What the compiler asks of whoever turns plain fields into Envoy's messages; it knows no protobuf itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

_TYPE_PREFIX = "type.googleapis.com/"

Fields = dict[str, Any]
"""Fields of a message under their proto names, in the JSON mapping (durations as "5s", Any with "@type")."""


class PackError(ValueError):
    """What should be packed cannot be: it does not compile. Found before anything is pushed; holds no secret."""


class Packer(Protocol):
    """Packs messages by the descriptors of the Envoy that will get them."""

    def pack(self, message: str, fields: Mapping[str, Any], parts: Mapping[str, bytes] | None = None) -> bytes:
        """Pack `fields` as the message with that full name, deterministically; unknown fields raise `PackError`.

        `parts` merges packed messages into nested ones: dotted path of fields (the first element of repeated ones,
        which must be there) → body. So a large part is packed once and shared by thousands of messages.
        """


def type_url(message: str) -> str:
    """The type URL of a message's full name."""
    return _TYPE_PREFIX + message


def any_of(message: str, **fields: Any) -> Fields:
    """Fields of a `google.protobuf.Any` that holds this message."""
    return {"@type": type_url(message), **fields}


def extension(name: str, message: str, **fields: Any) -> Fields:
    """Fields of an Envoy extension: a name and its typed configuration."""
    return {"name": name, "typed_config": any_of(message, **fields)}


def packed_any(message: str, body: bytes) -> bytes:
    """A packed message inside a packed `google.protobuf.Any`."""
    return packed_field(1, type_url(message).encode()) + packed_field(2, body)


def packed_field(number: int, content: bytes) -> bytes:
    """A field of text, bytes or a packed message, as protobuf writes it; `number` below 16."""
    length, size = bytearray(), len(content)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes([number << 3 | 2]) + bytes(length) + content
