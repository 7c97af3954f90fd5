"""Parts of a message as protobuf writes them, for answers that are put together of bytes."""

from __future__ import annotations


def delimited(number: int, content: bytes) -> bytes:
    """The field of that number, which holds a message; `content` is that message encoded."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    """A number that is not negative."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
