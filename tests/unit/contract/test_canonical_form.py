"""The canonical form: one meaning has one byte sequence, in which what equals its default does not stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, get_args

import pytest
from pydantic import Field, TypeAdapter

from contract import ConsumerDocument, WorkspaceDocument, canonical_bytes, parse_consumer, parse_text, parse_workspace
from contract.fields import WRITTEN, Duration, Optionally, Part
from tests.unit.contract.documents import BASE, with_backend, with_value

RELIABILITY = "providers.models.0.reliability"


def _form(raw: dict[str, Any]) -> bytes:
    return canonical_bytes(parse_workspace(raw))


@pytest.mark.parametrize(
    "other",
    [
        with_value("listeners.0.timeout", "300s"),
        with_value("listeners.0.timeout", "5m"),
        with_value("listeners.0.timeout", None),
        with_value("global", {}),
        with_value("global", None),
        with_value("providers.models.0.external_model_ids", {}),
        with_value("providers.models.0.api_format", ""),
        with_value("routing.modelCards.1.loras", []),
        with_value("routing.modelCards.0.loras.0.description", ""),
        with_backend(weight=1, protocol="https", extra_headers={}, name=""),
        dict(reversed(BASE.items())),
    ],
)
def test_defaults_nulls_and_the_order_of_keys_do_not_change_the_bytes(other: dict[str, Any]) -> None:
    assert _form(other) == _form(BASE)


def test_what_equals_its_default_does_not_stand_in_the_bytes() -> None:
    raw = {"version": "v0.3", "listeners": [], "providers": {"defaults": {}, "models": []}, "global": {}}

    assert _form(raw) == b'{"routing":{},"version":"v0.3"}'


@pytest.mark.parametrize(
    ("verbose", "terse"),
    [
        ({"retry_count": 0, "lb_policy": "round_robin"}, {}),
        ({"retry_count": 2, "retry_on": "connect-failure,refused-stream"}, {"retry_count": 2}),
    ],
)
def test_a_part_that_asks_what_was_written_keeps_it(verbose: dict[str, Any], terse: dict[str, Any]) -> None:
    delivered = _form(with_value(RELIABILITY, verbose))

    (model,) = json.loads(delivered)["providers"]["models"]
    assert model["reliability"] == {**terse, "retry_on": "connect-failure,refused-stream"}
    assert _form(dict(parse_text(delivered))) == delivered


def test_a_model_known_by_its_metadata_alone_stays_known() -> None:
    raw = with_value("providers.models.0", {"name": "fast", "pricing": {"currency": "USD"}})

    assert _form(dict(parse_text(_form(raw)))) == _form(raw)


class _Inner(Part):
    model_id: Optionally[str] = "org/one"
    wait: Duration = timedelta(seconds=5)
    words: tuple[str, ...] = ("a",)
    weight: float = 1


class _Outer(Part):
    inner: _Inner = _Inner()
    on: bool = True
    kept: Annotated[int, WRITTEN] = 1
    follows: int = Field(default_factory=lambda fields: fields["kept"] + 1)
    renamed: str = Field(default="", alias="otherName")


def test_an_explicit_empty_value_over_a_default_that_is_not_empty_is_written() -> None:
    inner = _Inner.model_validate({"model_id": "", "words": ()})
    cleared = _Outer.model_validate({"inner": inner, "on": False, "otherName": "x"})

    assert canonical_bytes(cleared) == b'{"inner":{"model_id":"","words":[]},"kept":1,"on":false,"otherName":"x"}'


def test_a_default_that_follows_from_another_field_is_left_out_only_where_it_follows() -> None:
    assert canonical_bytes(_Outer(kept=3, follows=4)) == b'{"kept":3}'
    assert canonical_bytes(_Outer(kept=3, follows=2)) == b'{"follows":2,"kept":3}'


def test_a_nested_part_at_its_defaults_is_left_out() -> None:
    assert canonical_bytes(_Outer(inner=_Inner(weight=1.0, wait=timedelta(seconds=5)))) == b'{"kept":1}'


def _parts(model: type[Part], seen: set[type[Part]]) -> Iterator[type[Part]]:
    if model in seen:
        return
    seen.add(model)
    yield model
    waiting = [info.annotation for info in model.model_fields.values()]
    while waiting:
        annotation = waiting.pop()
        if isinstance(annotation, type) and issubclass(annotation, Part):
            yield from _parts(annotation, seen)
        waiting.extend(get_args(annotation))


def test_every_default_is_a_value_that_a_document_may_hold() -> None:
    seen: set[type[Part]] = set()
    models = [*_parts(WorkspaceDocument, seen), *_parts(ConsumerDocument, seen)]

    for model in models:
        for name, info in model.model_fields.items():
            if info.default_factory is None and info.default is not None and not info.is_required():
                (read,) = _read_back(info.annotation, info.metadata, info.default)
                assert read == info.default, f"{model.__name__}.{name}"


def _read_back(annotation: Any, metadata: list[Any], default: Any) -> tuple[Any]:
    written = json.loads(canonical_bytes({"default": default}))["default"]
    field: Any = Annotated[annotation, *metadata] if metadata else annotation
    return (TypeAdapter(field).validate_python(written),)


def test_a_consumer_that_may_do_everything_says_only_who_it_is() -> None:
    raw = {"version": "consumer/v1", "consumer_id": "ada", "enabled": True, "groups": [], "limits_class": ""}

    assert canonical_bytes(parse_consumer(raw)) == b'{"consumer_id":"ada","version":"consumer/v1"}'
