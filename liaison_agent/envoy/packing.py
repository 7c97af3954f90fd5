"""Packs plain fields into Envoy's messages by the binary's own descriptors, so a field it does not know fails here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from liaison_agent.compiler.packing import PackError


class DescriptorPacker:
    """The compiler's `Packer` over a pool of carved descriptors. Equal input gives equal bytes."""

    def __init__(self, pool: DescriptorPool) -> None:
        self._pool = pool
        self._classes: dict[str, type[Message]] = {}

    def pack(self, message: str, fields: Mapping[str, Any], parts: Mapping[str, bytes] | None = None) -> bytes:
        """See `Packer.pack`."""
        made = self._class_of(message)()
        try:
            json_format.ParseDict(dict(fields), made, descriptor_pool=self._pool)
            for path, body in (parts or {}).items():
                _reach(made, path).MergeFromString(body)
        except (json_format.ParseError, TypeError) as error:
            raise PackError(f"{message}: {str(error).splitlines()[0]}") from None
        return made.SerializeToString(deterministic=True)

    def unpack(self, message: str, body: bytes) -> dict[str, Any]:
        """The fields of a packed message under their proto names, for people and golden files."""
        made = self._class_of(message).FromString(body)
        return json_format.MessageToDict(made, preserving_proto_field_name=True, descriptor_pool=self._pool)

    def _class_of(self, message: str) -> type[Message]:
        if message not in self._classes:
            try:
                descriptor = self._pool.FindMessageTypeByName(message)
            except KeyError:
                raise PackError(f"{message}: this Envoy does not have it") from None
            self._classes[message] = message_factory.GetMessageClass(descriptor)
        return self._classes[message]


def _reach(message: Message, path: str) -> Message:
    """Follow a dotted path of fields; in a repeated field, the first element."""
    current: Any = message
    for name in path.split("."):
        current = getattr(current, name)
        if not isinstance(current, Message):
            current = current[0]
    reached: Message = current
    return reached
