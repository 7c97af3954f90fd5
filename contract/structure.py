"""A document against its model: keys the model does not know, and values of the wrong kind, all at once.

Two steps share one walk of the model. `fit` takes out what the model does not know and says so; `build` lets pydantic
judge what is left and turns its complaints into faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contract.faults import FaultCode, FaultLog, item, under
from contract.fields import Part
from contract.spelling import nearest

M = TypeVar("M", bound=Part)

_EMPTY: Final[tuple[object, ...]] = (None, "", {}, [])
_KINDS: Final = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "a mapping",
    list: "a list",
    type(None): "nothing",
}

_WANTED: Final = {
    "string": "text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "tuple": "a list",
    "dict": "a mapping",
    "model": "a mapping",
}


@dataclass(frozen=True, slots=True)
class Retired:
    """Keys with a story, by path pattern: what became of them, or why they have to wait."""

    deprecated: Mapping[str, str] = field(default_factory=dict)
    unsupported: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Fitting:
    """How strictly to fit: a delivered document may hold keys that a newer control plane knows."""

    retired: Retired
    log: FaultLog
    tolerate_unknown: bool = False

    def fit(self, raw: dict[str, Any], model: type[Part], path: str = "", pattern: str = "") -> dict[str, Any]:
        """The part of `raw` that the model knows, without nulls; everything else is logged."""
        known = _parts_of(model)
        fitted = {}
        for key, value in raw.items():
            at, pattern_at = under(path, key), f"{pattern}.{key}" if pattern else key
            if self._is_retired(value, at, pattern_at):
                continue
            if key not in known:
                self._unknown(key, at, pattern, known)
            elif value is not None:
                fitted[key] = self._fit_value(value, known[key], at, pattern_at)
        return fitted

    def _fit_value(self, value: Any, part: _FieldPart | None, at: str, pattern: str) -> Any:
        if part is None:
            return value
        if part.many is dict and isinstance(value, dict):
            return {
                key: self.fit(element, part.model, under(at, key), f"{pattern}.*")
                if isinstance(element, dict)
                else element
                for key, element in value.items()
            }
        if part.many is tuple and isinstance(value, list):
            return [
                self.fit(element, part.model, item(at, index), f"{pattern}[]") if isinstance(element, dict) else element
                for index, element in enumerate(value)
            ]
        if part.many is None and isinstance(value, dict):
            return self.fit(value, part.model, at, pattern)
        return value

    def _is_retired(self, value: Any, at: str, pattern: str) -> bool:
        if pattern in self.retired.deprecated:
            self._deprecated(at, pattern)
            return True
        if pattern not in self.retired.unsupported:
            return False
        if value not in _EMPTY:
            self.log.add(at, "unsupported", self.retired.unsupported[pattern])
            for deeper_at, deeper_pattern in _keys_within(value, at, pattern):
                if deeper_pattern in self.retired.deprecated:
                    self._deprecated(deeper_at, deeper_pattern)
        return True

    def _deprecated(self, at: str, pattern: str) -> None:
        message = f"deprecated config fields are no longer supported; {self.retired.deprecated[pattern]}"
        self.log.add(at, "deprecated", f"{message} ({self.retired.hint})")

    def _unknown(self, key: str, at: str, pattern: str, known: Mapping[str, object]) -> None:
        if self.tolerate_unknown:
            return
        prefix = f"{pattern}." if pattern else ""
        later = (name.removeprefix(prefix) for name in self.retired.unsupported if name.startswith(prefix))
        candidates = [*known, *(name for name in later if "." not in name)]
        meant = None if self.log.is_full else nearest(key, candidates)
        way_out = f"did you mean {meant!r}?" if meant else f"known are {', '.join(known) or 'none yet'}"
        self.log.add(at, "unknown_field", f"is not a field of the contract; {way_out}")


def build(fitted: dict[str, Any], model: type[M], log: FaultLog) -> M | None:
    """The model, or None when pydantic finds faults, which are logged with their paths."""
    try:
        return model.model_validate(fitted)
    except ValidationError as refusal:
        for error in refusal.errors(include_url=False):
            if error["type"] == "default_factory_not_called":
                continue  # only says that an earlier field, which has its own fault, is needed for this one's default
            log.add(_path_of(error), *_code_and_message(error), error.get("ctx", {}).get("remedy", ""))
        return None


@dataclass(frozen=True, slots=True)
class _FieldPart:
    """A field that holds parts: one of them, a tuple of them, or a dict of them by name."""

    model: type[Part]
    many: type[tuple[Any, ...]] | type[dict[str, Any]] | None


@cache
def _parts_of(model: type[Part]) -> dict[str, _FieldPart | None]:
    """The model's keys as documents write them, in the model's order; None for fields that hold plain values."""
    return {info.alias or name: _part_in(info.annotation, None) for name, info in model.model_fields.items()}


def _part_in(annotation: Any, many: Any) -> _FieldPart | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return _FieldPart(annotation, many)
    origin = get_origin(annotation)
    many = origin if origin in (tuple, dict) else many
    return next((part for argument in get_args(annotation) if (part := _part_in(argument, many))), None)


def _keys_within(value: Any, at: str, pattern: str) -> Iterator[tuple[str, str]]:
    """Every key inside a value, as path and as pattern."""
    if isinstance(value, dict):
        for key, element in value.items():
            yield under(at, key), f"{pattern}.{key}"
            yield from _keys_within(element, under(at, key), f"{pattern}.{key}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _keys_within(element, item(at, index), f"{pattern}[]")


def _path_of(error: ErrorDetails) -> str:
    path = ""
    for step in error["loc"]:
        if step != "[key]":
            path = item(path, step) if isinstance(step, int) else under(path, step)
    return path


def _code_and_message(error: ErrorDetails) -> tuple[FaultCode, str]:
    """Pydantic's complaint in the contract's words. The input is never quoted: it may be a secret."""
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "contract":
            return context["code"], context["message"]
        case "missing":
            return "required", "is required"
        case "literal_error":
            return "value", f"should be {context['expected']}"
        case "string_too_long":
            return "range", f"should be at most {context['max_length']} signs long"
        case "string_pattern_mismatch":
            return "value", f"should match {context['pattern']}"
        case "greater_than_equal":
            return "range", f"should be {context['ge']} or more"
        case "less_than_equal":
            return "range", f"should be {context['le']} or less"
        case "finite_number":
            return "range", "should be a finite number"
    wanted = next((word for type_, word in _WANTED.items() if kind.startswith(type_)), "another value")
    return "type", f"should be {wanted}, not {_KINDS.get(type(error['input']), 'this')}"
