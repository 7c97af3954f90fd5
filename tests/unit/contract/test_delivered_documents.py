"""Delivered bytes: one spelling, read back without loss, tolerant of newer keys and of nothing else."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from contract import ContractError, canonical_bytes, digest, parse_workspace, read_workspace, workspace_json_schema
from tests.unit.contract.documents import BASE, with_backend, with_value


def _delivered(raw: dict[str, Any]) -> bytes:
    return canonical_bytes(parse_workspace(raw))


def test_delivered_bytes_read_back_as_the_same_document() -> None:
    document = parse_workspace(with_backend(api_key="secret://one@1", auth_prefix=""))

    assert read_workspace(canonical_bytes(document)) == document


def test_spelling_does_not_change_the_bytes() -> None:
    terse = with_value("listeners.0.timeout", "5m")
    verbose = with_value("listeners.0.timeout", "300s")
    verbose["providers"]["models"][0]["pricing"] = None
    verbose["providers"]["models"][0]["backend_refs"][0].update({"weight": 1, "name": "", "extra_headers": {}})

    assert _delivered(dict(reversed(terse.items()))) == _delivered(verbose)


def test_the_digest_is_that_of_the_bytes() -> None:
    delivered = _delivered(BASE)

    assert digest(delivered) == hashlib.sha256(delivered).hexdigest()


def test_keys_of_a_newer_control_plane_are_passed_over() -> None:
    raw = with_backend(brand_new=[1])
    raw["brand_new"] = {"deep": {}}
    raw["global"] = {"brand_new": True}

    assert read_workspace(canonical_bytes(raw)) == parse_workspace(BASE)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (with_value("routing.decisions", [{"name": "d"}]), "unsupported"),
        (with_backend(provider="anthropic"), "unsupported"),
        (with_backend(weight=-1), "range"),
        (with_backend(api_key="sk-inline"), "secret"),
        (with_backend(api_key="secret://one"), "secret"),
        ({**BASE, "version": "v0.4"}, "value"),
    ],
)
def test_what_cannot_be_served_as_meant_is_refused(raw: dict[str, Any], code: str) -> None:
    with pytest.raises(ContractError) as refusal:
        read_workspace(canonical_bytes(raw))

    assert {fault.code for fault in refusal.value.faults} == {code}


@pytest.mark.parametrize("delivered", [b"", b"null", b"[]", b"\xff", b'{"version":"v0.3"', b'{"a":1,"a":2}', b"a: 1"])
def test_bytes_that_are_no_json_object_are_refused(delivered: bytes) -> None:
    with pytest.raises(ContractError):
        read_workspace(delivered)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, "\ud800", b"x"])
def test_what_json_cannot_hold_has_no_canonical_bytes(value: object) -> None:
    with pytest.raises(ContractError):
        canonical_bytes({"a": value})


def test_the_json_schema_names_the_keys_as_documents_write_them() -> None:
    schema = workspace_json_schema()

    whole = {"version", "listeners", "providers", "routing", "global", "entrypoints", "recipes", "setup"}
    assert set(schema["properties"]) == whole
    assert "modelCards" in schema["$defs"]["Routing"]["properties"]
    assert schema["additionalProperties"] is False
