"""The one byte sequence of a document, and its digest; whoever has the bytes hashes them and never writes them anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from contract.durations import format_duration
from contract.faults import ContractError, Fault
from contract.fields import WRITTEN

_ALWAYS: Final = object()
"""Stands for the default of a field that is written whatever it says; equal to no value."""


def canonical_bytes(document: BaseModel | Mapping[str, Any]) -> bytes:
    """JSON in UTF-8: keys sorted, no spaces, what equals its default left out; the same meaning gives the same bytes.

    A mapping is written as it is. Raises ContractError for NaN, infinity and what JSON cannot hold.
    """
    try:
        written = json.dumps(
            _plain(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return written.encode()
    except (TypeError, ValueError, RecursionError):
        raise ContractError([Fault("", "value", "holds what JSON cannot: NaN, infinity or a foreign object")]) from None


def digest(delivered: bytes) -> str:
    """Lower-case hex SHA-256 of the delivered bytes."""
    return hashlib.sha256(delivered).hexdigest()


class _Key(NamedTuple):
    """A field of a part as documents write it."""

    attribute: str
    written: str
    info: FieldInfo
    default: Any

    def default_in(self, part: BaseModel) -> Any:
        """Its default, which may follow from other fields of the same part."""
        if self.info.default_factory is None or self.default is _ALWAYS:
            return self.default
        return self.info.get_default(call_default_factory=True, validated_data=part.__dict__)


@cache
def _keys(model: type[BaseModel]) -> tuple[_Key, ...]:
    return tuple(
        _Key(
            name,
            _written(name, info),
            info,
            _ALWAYS if info.is_required() or WRITTEN in info.metadata else info.default,
        )
        for name, info in model.model_fields.items()
    )


def _written(name: str, info: FieldInfo) -> str:
    """What documents call a field; of several names the newest, which stands first."""
    if isinstance(info.validation_alias, AliasChoices):
        return str(info.validation_alias.choices[0])
    return info.alias or name


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _sparse(value)
    if isinstance(value, Mapping):
        return {key: _plain(element) for key, element in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(element) for element in value]
    if isinstance(value, timedelta):
        return format_duration(value)
    return value


def _sparse(part: BaseModel) -> dict[str, Any]:
    """Only what would be read differently if it were missing; nothing where there is a default is written as empty."""
    sparse, values = {}, part.__dict__
    for key in _keys(type(part)):
        value = values[key.attribute]
        if value is not key.default and not _same(value, key.default_in(part)):
            sparse[key.written] = "" if value is None else _plain(value)
    for passed_on, value in (part.model_extra or {}).items():
        sparse[passed_on] = _plain(value)
    return sparse


def _same(value: Any, default: Any) -> bool:
    """Python takes True for 1, documents do not."""
    return isinstance(value, bool) == isinstance(default, bool) and bool(value == default)
