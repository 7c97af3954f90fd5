"""How many items a list of a request may have, checked before anything is done for each item.

The rules are those in the protos; checking them all takes time for every item, which a million items must not get.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from buf.validate import validate_pb2
from controlplane.domain.errors import FieldFault, InvalidInput


@dataclass(frozen=True, slots=True)
class Bound:
    """A list and the most items it may have; `way` names the fields that lead to it, each in both its spellings."""

    way: tuple[tuple[str, str], ...]
    most: int

    @property
    def path(self) -> str:
        """As faults name it."""
        return ".".join(name for name, _ in self.way)


def check_bounds(message: Message) -> None:
    """Raises InvalidInput."""
    for bound in _bounds(type(message).DESCRIPTOR):
        node: Any = message
        for name, _ in bound.way:
            node = getattr(node, name)
        _check(bound, node)


def check_json_bounds(document: Any, kind: type[Message]) -> None:
    """The same for a request in JSON that is not a message yet. Raises InvalidInput."""
    for bound in _bounds(kind.DESCRIPTOR):
        node = document
        for name, json_name in bound.way:
            node = node.get(name, node.get(json_name)) if isinstance(node, dict) else None
        if isinstance(node, list):
            _check(bound, node)


def _check(bound: Bound, items: Sized) -> None:
    if len(items) > bound.most:
        problem = f"must contain no more than {bound.most} item(s)"
        raise InvalidInput(f"{bound.path} {problem}", (FieldFault(bound.path, "repeated.max_items", problem),))


@cache
def _bounds(descriptor: Descriptor) -> tuple[Bound, ...]:
    return tuple(_found(descriptor, ()))


def _found(descriptor: Descriptor, way: tuple[tuple[str, str], ...]) -> Iterator[Bound]:
    """Through single messages of our own, which never contain themselves."""
    for field in descriptor.fields:
        here = (*way, (field.name, field.json_name))
        if field.is_repeated:
            rule: Any = validate_pb2.field
            rules = field.GetOptions().Extensions[rule].repeated
            if rules.HasField("max_items"):
                yield Bound(here, rules.max_items)
        elif (inner := _ours(field)) is not None:
            yield from _found(inner, here)


def _ours(field: FieldDescriptor) -> Descriptor | None:
    kind = field.message_type
    return kind if kind is not None and str(kind.full_name).startswith("agentrouter.") else None
