"""Valet: references get their versions, what cannot be resolved is named, and the same inputs give the same bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from contract import parse_workspace
from controlplane.domain.errors import DoesNotCompile
from controlplane.valet.compiling import SecretVersion, WorkspaceSnapshot, compile_workspace, reference_faults

ORIGIN = "https://api.example.com:443"


def snapshot(*api_keys: str | None, secrets: dict[str, SecretVersion] | None = None) -> WorkspaceSnapshot:
    """A workspace with one model whose backends have these credentials."""
    backends: list[dict[str, Any]] = [
        {"name": f"b{place}", "base_url": f"{ORIGIN}/v1", "provider": "openai"} | ({"api_key": key} if key else {})
        for place, key in enumerate(api_keys)
    ]
    source = parse_workspace(
        {
            "version": "v0.3",
            "listeners": [{"name": "http", "address": "127.0.0.1", "port": 12582}],
            "providers": {
                "defaults": {"default_model": "fast"},
                "models": [{"name": "fast", "provider_model_id": "org/fast", "backend_refs": backends}],
            },
            "routing": {"modelCards": [{"name": "fast"}]},
        }
    )
    return WorkspaceSnapshot(source, secrets or {})


def test_a_reference_gets_the_newest_version_of_its_secret() -> None:
    compiled = compile_workspace(snapshot("secret://main", secrets={"main": SecretVersion(3, ORIGIN)}))

    assert compiled.secret_refs == ("secret://main@3",)
    assert b'"secret://main@3"' in compiled.document
    assert compiled.digest == hashlib.sha256(compiled.document).hexdigest()


def test_a_rotated_secret_changes_the_digest_and_nothing_else_does() -> None:
    first = compile_workspace(snapshot("secret://main", secrets={"main": SecretVersion(3, ORIGIN)}))
    again = compile_workspace(snapshot("secret://main", secrets={"main": SecretVersion(3, ORIGIN)}))
    rotated = compile_workspace(snapshot("secret://main", secrets={"main": SecretVersion(4, ORIGIN)}))

    assert first == again
    assert rotated.digest != first.digest


def test_backends_that_share_a_secret_name_it_once() -> None:
    compiled = compile_workspace(snapshot("secret://a", "secret://a", secrets={"a": SecretVersion(1, ORIGIN)}))

    assert compiled.secret_refs == ("secret://a@1",)


def test_a_document_without_credentials_needs_no_secrets() -> None:
    compiled = compile_workspace(snapshot(None))

    assert compiled.secret_refs == ()
    assert json.loads(compiled.document)["version"] == "v0.3"


def test_every_reference_that_cannot_be_resolved_is_named_at_once() -> None:
    broken = snapshot("secret://absent", "secret://moved", secrets={"moved": SecretVersion(1, "https://elsewhere.com")})
    paths = ["providers.models[0].backend_refs[0].api_key", "providers.models[0].backend_refs[1].api_key"]

    with pytest.raises(DoesNotCompile) as refused:
        compile_workspace(broken)

    assert [fault.path for fault in refused.value.faults] == paths
    assert [fault.code for fault in refused.value.faults] == ["unknown_secret", "secret_origin"]
    assert [fault.path for fault in reference_faults(broken)] == paths
    assert "https://elsewhere.com" in refused.value.faults[1].message


def test_an_inline_credential_is_nothing_that_a_reference_check_complains_of() -> None:
    assert reference_faults(snapshot("sk-inline")) == ()
