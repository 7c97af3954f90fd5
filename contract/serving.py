"""What the contract allows and no data plane of this release runs yet: refused when a document is put, and by agents.

`agentrouter validate -f` judges the contract alone; to store such a part, and then not to act on it, would be worse
than to refuse it. A part that says what its default says asks for nothing and is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from contract.faults import Fault, item, under

UNSERVED: Final[tuple[str, ...]] = ()
"""Paths of the parts, as documents write them; `[]` stands for any element. Take one out when data planes run it."""


def unserved_parts(document: BaseModel) -> tuple[Fault, ...]:
    """One fault `unsupported` for each part that is written, differs from its default and is not run yet."""
    return tuple(
        Fault(at, "unsupported", f"{at} is not run by any data plane of this release", "take it out")
        for pattern in UNSERVED
        for at in _written(document, pattern.split("."), "")
    )


def _written(holder: Any, way: list[str], path: str) -> Iterator[str]:
    step, *further = way
    key = step.removesuffix("[]")
    info, value = _field(type(holder), key), getattr(holder, _attribute(type(holder), key))
    at = under(path, key)
    if not further:
        if value is not None and value != info.get_default(call_default_factory=True, validated_data={}):
            yield at
    elif step.endswith("[]"):
        for index, element in enumerate(value):
            yield from _written(element, further, item(at, index))
    elif value is not None:
        yield from _written(value, further, at)


def _attribute(model: type[BaseModel], key: str) -> str:
    return next(name for name, info in model.model_fields.items() if key in (name, info.alias))


def _field(model: type[BaseModel], key: str) -> FieldInfo:
    return model.model_fields[_attribute(model, key)]
