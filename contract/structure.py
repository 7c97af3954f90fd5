"""A document against its model: keys the model does not know, and values of the wrong kind, all at once.

Two steps share one walk of the model. `fit` takes out what the model does not know and says so; `build` lets pydantic
judge what is left and turns its complaints into faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import AliasChoices, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from contract.faults import FaultCode, FaultLog, item, shown, under
from contract.fields import SAID, Part, Variants
from contract.spelling import nearest
from contract.words import way_out

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

_SAID_ELSEWHERE: Final = (
    "extra_forbidden",  # two names of one field, as a rule has said; unknown keys were found when it was fitted
    "default_factory_not_called",  # an earlier field, which has its own fault, is needed for this one's default
    "union_tag_invalid",  # the variant is unknown, as was found when the document was fitted
    "union_tag_not_found",
)

_WANTED: Final = {
    "string": "text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "tuple": "a list",
    "dict": "a mapping",
    "model": "a mapping",
}
_AS_WRITTEN: Final = {"text": ", in quotes where it looks like something else", "a whole number": ", without quotes"}


@dataclass(frozen=True, slots=True)
class Retired:
    """Keys with a story, by path pattern: what became of them, or why they have to wait."""

    deprecated: Mapping[str, str] = field(default_factory=dict)
    unsupported: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    _known: dict[tuple[type[Part], str], dict[str, FieldPart | None]] = field(default_factory=dict, compare=False)

    def known_of(self, model: type[Part], pattern: str) -> dict[str, FieldPart | None]:
        """The keys of a model at this place that have no such story, with the parts they hold. Found once."""
        known = self._known.get((model, pattern))
        if known is None:
            prefix, parts = f"{pattern}." if pattern else "", _parts_of(model)
            retired = {key for key in parts if prefix + key in self.deprecated or prefix + key in self.unsupported}
            known = self._known[model, pattern] = {key: part for key, part in parts.items() if key not in retired}
        return known


@dataclass(frozen=True, slots=True)
class Fitting:
    """How strictly to fit: a delivered document may hold keys that a newer control plane knows."""

    retired: Retired
    log: FaultLog
    tolerate_unknown: bool = False

    def fit(self, raw: dict[str, Any], model: type[Part], path: str = "", pattern: str = "") -> dict[str, Any]:
        """The part of `raw` that the model knows, without nulls; everything else is logged."""
        known = self.retired.known_of(model, pattern)
        fitted: dict[str, Any] = {}
        for key, value in raw.items():
            if key not in known:
                self._fit_strange(key, value, model, (path, pattern), fitted)
            elif (part := known[key]) is None:
                if value is not None or key in _said(model):
                    fitted[key] = value
            elif value is not None or key in _said(model):
                at, pattern_at = (f"{path}.{key}", f"{pattern}.{key}") if path else (key, key)
                fitted[key] = self._fit_value(value, part, at, pattern_at)
        return fitted

    def _fit_strange(
        self, key: str, value: Any, model: type[Part], place: tuple[str, str], fitted: dict[str, Any]
    ) -> None:
        """A key that the model does not know at this place."""
        path, pattern = place
        known, at = _parts_of(model), under(path, key)
        if self._is_retired(value, at, f"{pattern}.{key}" if pattern else key):
            return
        if value is not None and model.model_config.get("extra") == "allow":
            self._passed_on(key, at, known)
            fitted[key] = value
        else:
            self._unknown(key, at, pattern, known)

    def _fit_value(self, value: Any, part: FieldPart, at: str, pattern: str) -> Any:
        if part.many is dict and isinstance(value, dict):
            return {
                key: self._fit_part(element, part, under(at, key), f"{pattern}.*") for key, element in value.items()
            }
        if part.many is tuple and isinstance(value, list):
            return [
                self._fit_part(element, part, item(at, index), f"{pattern}[]") for index, element in enumerate(value)
            ]
        return self._fit_part(value, part, at, pattern) if part.many is None else value

    def _fit_part(self, value: Any, part: FieldPart, at: str, pattern: str) -> Any:
        if not isinstance(value, dict):
            return value
        if part.variants is None:
            return self.fit(value, part.model, at, pattern)
        written = value.get("type")
        word = part.variants.aliases.get(written, written) if isinstance(written, str) else None
        model = part.models.get(word) if word else None
        if model is None:
            self._unknown_variant(written, part, under(at, "type"))
            return value
        if word != written:
            self.log.warn(under(at, "type"), "deprecated", f"{shown(str(written))} is an old spelling", f"write {word}")
        return self.fit({**value, "type": word}, model, at, pattern)

    def _unknown_variant(self, written: Any, part: FieldPart, at: str) -> None:
        what = part.variants.what if part.variants else "type"
        if written is None:
            self.log.add(at, "required", f"{what} is required", f"use one of: {', '.join(part.models)}")
        elif isinstance(written, str):
            remedy = "" if self.log.is_full else way_out(written, part.models)
            self.log.add(at, "value", f"unsupported {what} {shown(written)}", remedy)
        else:
            self.log.add(at, "type", f"should be text, not {_KINDS.get(type(written), 'this')}")

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
        remedy = f"{self.retired.deprecated[pattern]} ({self.retired.hint})"
        self.log.add(at, "deprecated", "deprecated config fields are no longer supported", remedy)

    def _passed_on(self, key: str, at: str, known: Mapping[str, object]) -> None:
        meant = nearest(key, known)
        if meant:
            self.log.warn(
                at, "unknown_field", "is not a field of the contract and passed on", f"did you mean {meant!r}?"
            )

    def _unknown(self, key: str, at: str, pattern: str, known: Mapping[str, object]) -> None:
        if self.tolerate_unknown:
            return
        prefix = f"{pattern}." if pattern else ""
        later = (name.removeprefix(prefix) for name in self.retired.unsupported if name.startswith(prefix))
        candidates = [*known, *(name for name in later if "." not in name)]
        meant = None if self.log.is_full else nearest(key, candidates)
        way_out = f"did you mean {meant!r}?" if meant else f"known are {', '.join(known) or 'none yet'}"
        self.log.add(at, "unknown_field", "is not a field of the contract", way_out)


def build(fitted: dict[str, Any], model: type[M], log: FaultLog) -> M | None:
    """The model, or None when pydantic finds faults, which are logged with their paths."""
    try:
        return model.model_validate(fitted)
    except ValidationError as refusal:
        for error in refusal.errors(include_url=False):
            if error["type"] in _SAID_ELSEWHERE:
                continue
            path = _path_of(error, fitted)
            if error["type"] == "missing" and log.has(path, "required"):
                continue  # a rule that knows more of the field has said so
            log.add(path, *_in_our_words(error))
        return None


@dataclass(frozen=True, slots=True)
class FieldPart:
    """A field that holds parts: one of them, a tuple of them, or a dict of them by name."""

    model: type[Part]
    many: type[tuple[Any, ...]] | type[dict[str, Any]] | None
    variants: Variants | None = None
    models: Mapping[str, type[Part]] = field(default_factory=dict)
    """With variants: the part of each type."""


@cache
def _parts_of(model: type[Part]) -> dict[str, FieldPart | None]:
    """The model's keys as documents write them, in the model's order; None for fields that hold plain values."""
    return {
        key: part_in(info.annotation) for name, info in model.model_fields.items() for key in written_keys(name, info)
    }


@cache
def _said(model: type[Part]) -> frozenset[str]:
    """The keys whose null is passed on, to be refused."""
    fields = model.model_fields.items()
    return frozenset(key for name, info in fields if SAID in info.metadata for key in written_keys(name, info))


def written_keys(name: str, info: FieldInfo) -> tuple[str, ...]:
    """What documents may call a field: its name or alias, then its earlier names."""
    if isinstance(info.validation_alias, AliasChoices):
        return tuple(choice for choice in info.validation_alias.choices if isinstance(choice, str))
    return (info.alias or name,)


def part_in(annotation: Any, many: Any = None) -> FieldPart | None:
    """The parts that a field of this type holds; None for plain values."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return FieldPart(annotation, many)
    for mark in getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Variants):
            models = {_tag_of(model): model for model in get_args(get_args(annotation)[0])}
            return FieldPart(next(iter(models.values())), many, mark, models)
    origin = get_origin(annotation)
    many = origin if origin in (tuple, dict) else many
    return next((part for argument in get_args(annotation) if (part := part_in(argument, many))), None)


def _tag_of(variant: type[Part]) -> str:
    (tag,) = get_args(variant.model_fields["type"].annotation)
    return str(tag)


def _keys_within(value: Any, at: str, pattern: str) -> Iterator[tuple[str, str]]:
    """Every key inside a value, as path and as pattern."""
    if isinstance(value, dict):
        for key, element in value.items():
            yield under(at, key), f"{pattern}.{key}"
            yield from _keys_within(element, under(at, key), f"{pattern}.{key}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _keys_within(element, item(at, index), f"{pattern}[]")


def _path_of(error: ErrorDetails, document: Any) -> str:
    """Where the error is in the document: pydantic's steps without those that name keys and variants."""
    path, here, steps = "", document, error["loc"]
    for index, step in enumerate(steps):
        is_variant = isinstance(here, dict) and step not in here and here.get("type") == step
        if step == "[key]" or (is_variant and index + 1 < len(steps)):
            continue
        path = item(path, step) if isinstance(step, int) else under(path, step)
        here = _within(here, step)
    return path


def _within(holder: Any, step: int | str) -> Any:
    try:
        return holder[step]
    except (KeyError, IndexError, TypeError):
        return None


def _in_our_words(error: ErrorDetails) -> tuple[FaultCode, str, str]:
    """Code, message and remedy of pydantic's complaint. The input is never quoted: it may be a secret."""
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "contract":
            return context["code"], context["message"], context["remedy"]
        case "missing":
            return "required", "is required", ""
        case "literal_error":
            return "value", f"should be {context['expected']}", "write one of them, as it is spelled here"
        case "string_too_long":
            return "range", f"should be at most {context['max_length']} signs long", "shorten it"
        case "string_pattern_mismatch":
            return "value", f"should match {context['pattern']}", "write it in that form"
        case "greater_than_equal":
            return "range", f"should be {context['ge']} or more", "write a greater number"
        case "less_than_equal":
            return "range", f"should be {context['le']} or less", "write a smaller number"
        case "greater_than":
            return "range", f"should be more than {context['gt']}", ""
        case "less_than":
            return "range", f"should be less than {context['lt']}", ""
        case "finite_number":
            return "range", "should be a finite number", "write one"
    wanted = next((word for type_, word in _WANTED.items() if kind.startswith(type_)), "another value")
    found = _KINDS.get(type(error["input"]), "this")
    return "type", f"should be {wanted}, not {found}", f"write {wanted}{_AS_WRITTEN.get(wanted, '')}"
