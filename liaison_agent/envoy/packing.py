"""Packs plain fields into Envoy's messages by the binary's own descriptors, so a field it does not know fails here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
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
            self._settle(made)
            for path, body in (parts or {}).items():  # settled already, by whoever packed them here
                _reach(made, path).MergeFromString(body)
        except (json_format.ParseError, TypeError) as error:
            raise PackError(f"{message}: {str(error).splitlines()[0]}") from None
        return made.SerializeToString(deterministic=True)

    def unpack(self, message: str, body: bytes) -> dict[str, Any]:
        """The fields of a packed message under their proto names, for people and golden files."""
        made = self._class_of(message).FromString(body)
        return json_format.MessageToDict(made, preserving_proto_field_name=True, descriptor_pool=self._pool)

    def _settle(self, message: Message) -> None:
        """Pack what lies in Any fields again, deterministically: the JSON parser packs maps there in a random order,
        and a resource whose bytes differ from one process to the next counts as changed."""
        for field, value in message.ListFields():
            for part in _messages_in(field, value):
                self._settle(part)
                if _is_any(part):
                    self._settle_any(part)

    def _settle_any(self, packed: Any) -> None:
        inner = self._class_of(packed.type_url.rpartition("/")[2]).FromString(packed.value)
        self._settle(inner)
        packed.value = inner.SerializeToString(deterministic=True)

    def _class_of(self, message: str) -> type[Message]:
        if message not in self._classes:
            try:
                descriptor = self._pool.FindMessageTypeByName(message)
            except KeyError:
                raise PackError(f"{message}: this Envoy does not have it") from None
            self._classes[message] = message_factory.GetMessageClass(descriptor)
        return self._classes[message]


def _messages_in(field: FieldDescriptor, value: Any) -> Iterable[Message]:
    """The messages that a field holds: none, one, several, or a map's values."""
    if field.message_type is None:
        return ()
    if not field.is_repeated:
        return (value,)
    if not field.message_type.GetOptions().map_entry:
        return tuple(value)
    return tuple(value.values()) if field.message_type.fields_by_name["value"].message_type else ()


def _is_any(message: Message) -> bool:
    """Whether it is a `google.protobuf.Any`."""
    return message.DESCRIPTOR.full_name == "google.protobuf.Any"


def _reach(message: Message, path: str) -> Message:
    """Follow a dotted path of fields; in a repeated field, the first element."""
    current: Any = message
    for name in path.split("."):
        current = getattr(current, name)
        if not isinstance(current, Message):
            current = current[0]
    reached: Message = current
    return reached
