"""Checks a request against the rules written in its proto; every violation at once, each with its field path."""

from __future__ import annotations

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
