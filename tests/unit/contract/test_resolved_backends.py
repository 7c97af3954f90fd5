"""A backend as it will be called: address, path, credential header and model name from document and defaults."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ResolvedBackend, SecretRef, ordered_backends, parse_workspace, resolve_backend
from contract.backends import address_of
from contract.workspace_document import BackendRef, ProviderModel
from tests.unit.contract.documents import with_value


def _resolved(model: dict[str, Any] | None = None, **ref: object) -> ResolvedBackend:
    bound = ProviderModel(name="fast", **(model or {}))
    return resolve_backend(bound, BackendRef.model_validate(ref))


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        ({"base_url": "https://api.openai.com/v1", "provider": "openai"}, "/v1/chat/completions"),
        ({"base_url": "https://api.openai.com/v1/", "type": "openai"}, "/v1/chat/completions"),
        ({"base_url": "https://api.minimax.io", "provider": "minimax"}, "/v1/chat/completions"),
        ({"base_url": "https://api.anthropic.com", "provider": "anthropic"}, "/v1/messages"),
        (
            {
                "base_url": "https://r.openai.azure.com/openai/deployments/gpt-4o",
                "type": "azure-openai",
                "api_version": "2024-10-21",
            },
            "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        ),
        (
            {"base_url": "https://r.example.com", "type": "azure_openai", "api_version": "1", "chat_path": "/c?x=1"},
            "/c?x=1&api-version=1",
        ),
        ({"base_url": "https://h/v1", "provider": "openai", "api_version": "2025"}, "/v1/chat/completions"),
        ({"base_url": "https://h/v1", "provider": "openai", "chat_path": "/talk/"}, "/v1/talk/"),
        ({"base_url": "http://h", "provider": "openai"}, "/chat/completions"),
        ({"base_url": "http://h:8001"}, "/v1/chat/completions"),
        ({"endpoint": "127.0.0.1:8000"}, "/v1/chat/completions"),
        ({"endpoint": "127.0.0.1:8000", "type": "openai"}, "/v1/chat/completions"),
        ({"endpoint": "h:8000/v1", "type": "vllm"}, "/v1/chat/completions"),
        ({"endpoint": "h", "type": "anthropic"}, "/v1/messages"),
        ({"endpoint": "h:8000", "type": "chat"}, "/v1/chat/completions"),
    ],
)
def test_the_path_is_base_path_and_the_suffix_of_the_type(ref: dict[str, Any], path: str) -> None:
    assert _resolved(**ref).chat_path == path


@pytest.mark.parametrize(
    ("provider", "header", "prefix"),
    [
        ("openai", "authorization", "Bearer"),
        ("anthropic", "x-api-key", ""),
        ("azure-openai", "api-key", ""),
        ("bedrock", "authorization", "Bearer"),
        ("gemini", "authorization", "Bearer"),
        ("vertex-ai", "authorization", "Bearer"),
        ("minimax", "authorization", "Bearer"),
        ("something-else", "authorization", "Bearer"),
    ],
)
def test_each_type_has_its_credential_header(provider: str, header: str, prefix: str) -> None:
    resolved = _resolved(base_url="https://h", provider=provider)

    assert (resolved.auth_header, resolved.auth_prefix) == (header, prefix)


def test_what_the_document_says_of_the_credential_wins() -> None:
    resolved = _resolved(base_url="https://h", auth_header="X-Key", auth_prefix="", api_key="secret://mine@4")

    assert (resolved.auth_header, resolved.auth_prefix) == ("x-key", "")
    assert resolved.secret_ref == SecretRef("mine", 4)


def test_an_inline_credential_does_not_appear_in_the_resolved_view() -> None:
    resolved = _resolved(base_url="https://h", api_key="sk-very-secret")

    assert resolved.secret_ref is None
    assert "very-secret" not in repr(resolved)


def test_extra_headers_are_lower_case() -> None:
    assert _resolved(base_url="https://h", extra_headers={"X-Team": "Blue"}).extra_headers == {"x-team": "Blue"}


@pytest.mark.parametrize(
    ("ref", "scheme", "host", "port"),
    [
        ({"endpoint": "127.0.0.1:8000"}, "http", "127.0.0.1", 8000),
        ({"endpoint": "API.Example.com", "protocol": "https"}, "https", "api.example.com", 443),
        ({"endpoint": "https://api.openai.com/v1"}, "https", "api.openai.com", 443),
        ({"endpoint": "[::1]:9000"}, "http", "::1", 9000),
        ({"base_url": "HTTPS://[2001:DB8::0:1]/v1"}, "https", "2001:db8::1", 443),
        ({"base_url": "http://vllm:8000/v1"}, "http", "vllm", 8000),
    ],
)
def test_the_address_is_read_from_endpoint_or_base_url(ref: dict[str, Any], scheme: str, host: str, port: int) -> None:
    resolved = _resolved(**ref)

    assert (resolved.scheme, resolved.host, resolved.port) == (scheme, host, port)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.example.com/v1", "https://api.example.com:443"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("https://h:8443", "https://h:8443"),
        ("http://10.0.0.1/x/y", "http://10.0.0.1:80"),
    ],
)
def test_an_origin_always_names_scheme_and_port(url: str, origin: str) -> None:
    assert _resolved(base_url=url).origin == origin


def test_https_in_an_endpoint_never_turns_into_clear_text() -> None:
    ref = BackendRef.model_validate({"endpoint": "https://api.openai.com/v1"})

    assert ref.protocol == "https"
    assert address_of(ref).scheme == "https"


@pytest.mark.parametrize(
    ("model", "ref", "sent"),
    [
        ({}, {}, "fast"),
        ({"provider_model_id": "org/fast"}, {}, "org/fast"),
        ({"provider_model_id": "p", "external_model_ids": {"vllm": "v", "openai": "o"}}, {}, "v"),
        ({"provider_model_id": "p", "external_model_ids": {"openai": "o"}}, {"provider": "openai"}, "o"),
        ({"external_model_ids": {"chat": "c", "openai": "o"}}, {"type": "chat", "provider": "openai"}, "c"),
    ],
)
def test_the_provider_is_asked_for_its_own_name_of_the_model(
    model: dict[str, Any], ref: dict[str, Any], sent: str
) -> None:
    assert _resolved(model, base_url="https://h", **ref).upstream_model == sent


def test_failover_goes_from_heavy_to_light_and_ties_keep_the_order_of_the_document() -> None:
    weights = {"a": 1, "b": 80, "c": 1, "d": 80, "e": 0}
    refs = [{"name": name, "endpoint": "h:1", "weight": weight} for name, weight in weights.items()]
    document = parse_workspace(with_value("providers.models.0.backend_refs", refs))

    order = [ref.name for ref in ordered_backends(document.providers.models[0])]

    assert order == ["b", "d", "a", "c", "e"]
