"""Checks a request against the rules written in its proto; every violation at once, each with its field path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import protovalidate
from google.protobuf.message import Message

from controlplane.domain.errors import FieldFault, InvalidInput

_validator = protovalidate.Validator()


def validate(message: Message) -> None:
    """Raises InvalidInput with one fault a violated rule."""
    violations = _validator.collect_violations(message)
    if not violations:
        return
    faults = tuple(
        FieldFault(_path(violation.proto.field), violation.proto.rule_id, violation.proto.message)
        for violation in violations
    )
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    raise InvalidInput(f"{first.path} {first.message}{more}", faults)


def refuse_nul(message: Message) -> None:
    """Raises InvalidInput that names every text with the NUL character, which no database takes as text.

    Texts that are not to be shown are kept as bytes or judged by themselves, and JSON has a way to write it.
    """
    problem = "holds the NUL character (U+0000), which cannot be stored; remove it"
    faults = tuple(FieldFault(path, "nul", problem) for path in _with_nul(message))
    if faults:
        raise InvalidInput(f"{faults[0].path} {problem}", faults)


def _with_nul(message: Message, way: str = "") -> Iterator[str]:
    for field, value in message.ListFields():
        for place, each in enumerate(value) if field.is_repeated else ((None, value),):
            path = f"{way}{field.name}" + (f"[{place}]" if place is not None else "")
            if isinstance(each, str):
                if "\0" in each and not field.GetOptions().debug_redact:
                    yield path
            elif isinstance(each, Message) and not each.DESCRIPTOR.full_name.startswith("google.protobuf."):
                yield from _with_nul(each, f"{path}.")


def _path(field: Any) -> str:
    """`queries[3].user_id`, map keys in quotes."""
    parts = []
    for element in field.elements if field else ():
        name = element.field_name
        subscript = element.subscript
        if subscript is not None:
            value = subscript.value if hasattr(subscript, "value") else subscript
            name += f"[{value!r}]" if isinstance(value, str) else f"[{value}]"
        parts.append(name)
    return ".".join(parts)
