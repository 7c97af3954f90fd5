"""A consumer's own backends: strict as they are saved, and bound to their consumer and place as they are delivered."""

from __future__ import annotations

from typing import Any

import pytest

from contract import (
    ContractError,
    ProviderModel,
    canonical_bytes,
    consumer_of_secret,
    in_order,
    origins_of,
    own_place,
    own_secret_name,
    parse_consumer,
    parse_own_backends,
    parse_workspace,
    read_consumer,
)
from contract.own_secrets import KINDS, kind_of_secret, own_secret_beginnings
from contract.workspace_document import BackendRef

ADA = "ada@example.com"
REF = "secret://byok/ada/example.com/mine@3"
CREDENTIAL = {"kind": "api_key", "ref": REF, "origin": "https://api.openai.com:443"}
MINE: dict[str, Any] = {"name": "mine", "provider": "openai", "credential": CREDENTIAL}


def _delivered(*backends: dict[str, Any], **fields: Any) -> bytes:
    document = {"version": "consumer/v1", "consumer_id": ADA, "mode": "EXCLUSIVE", "backends": list(backends)}
    return canonical_bytes({**document, **fields})


def _faults_delivered(*backends: dict[str, Any], **fields: Any) -> dict[str, str]:
    with pytest.raises(ContractError) as refusal:
        read_consumer(_delivered(*backends, **fields))
    return {fault.path: fault.code for fault in refusal.value.faults}


def _faults_saved(*backends: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ContractError) as refusal:
        parse_own_backends(backends)
    return {fault.path: fault.code for fault in refusal.value.faults}


def test_a_delivered_document_holds_backends_and_their_mode() -> None:
    consumer = read_consumer(_delivered(MINE))

    (backend,) = consumer.backends
    assert (consumer.mode, backend.name, backend.credential.ref) == ("EXCLUSIVE", "mine", REF)


def test_nobody_writes_backends_into_a_document_by_hand() -> None:
    with pytest.raises(ContractError) as refusal:
        parse_consumer({"version": "consumer/v1", "consumer_id": ADA, "mode": "EXCLUSIVE", "backends": [MINE]})

    assert {fault.path: fault.code for fault in refusal.value.faults} == {
        "backends": "unsupported",
        "mode": "unsupported",
    }


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"credential": {**CREDENTIAL, "ref": "secret://byok/bob/mine@1"}}, {"backends[0].credential.ref": "secret"}),
        ({"credential": {**CREDENTIAL, "ref": "secret://openai@1"}}, {"backends[0].credential.ref": "secret"}),
        ({"credential": {**CREDENTIAL, "ref": REF.partition("@")[0]}}, {"backends[0].credential.ref": "secret"}),
        ({"credential": {**CREDENTIAL, "kind": "wish"}}, {"backends[0].credential.kind": "value"}),
        ({"credential": {**CREDENTIAL, "kind": "oauth"}}, {"backends[0].credential.ref": "secret"}),
        ({"base_url": "https://evil.example/v1"}, {"backends[0].credential.origin": "conflict"}),
        ({"credential": None}, {"backends[0].credential": "required"}),
        ({"protocol": "anthropic"}, {"backends[0].protocol": "unsupported"}),
        ({"protocol": "grpc"}, {"backends[0].protocol": "value"}),
        ({"name": "a/b"}, {"backends[0].name": "value", "backends[0].credential.ref": "secret"}),
    ],
)
def test_a_delivered_backend_presents_its_consumers_own_secret_to_one_place(
    changes: dict[str, Any], fault: dict[str, str]
) -> None:
    assert _faults_delivered({**MINE, **changes}) == fault


def test_a_mode_and_backends_come_together() -> None:
    assert _faults_delivered(MINE, mode=None) == {"mode": "required"}
    assert _faults_delivered() == {"mode": "conflict"}
    assert _faults_delivered(MINE, mode="SOMETIMES") == {"mode": "value"}


def test_every_fault_of_a_saved_set_is_told_at_once() -> None:
    faults = _faults_saved(
        {"name": "a", "provider": "openai"},
        {"name": "a", "provider": "OpenAI"},
        {"name": "b"},
        {"name": "c", "base_url": "ftp://x"},
        {"name": "d", "provider": "anthropic", "base_url": "https://a.example"},
        {"name": "e", "provider": "gemini", "models": ["m", "m"], "weight": -1, "modles": []},
    )

    assert faults == {
        "backends[1].name": "duplicate",
        "backends[1].provider": "conflict",
        "backends[2]": "required",
        "backends[3].base_url": "address",
        "backends[3].models": "required",
        "backends[4].provider": "unsupported",
        "backends[5].models[1]": "duplicate",
        "backends[5].modles": "unknown_field",
        "backends[5].weight": "range",
    }


def test_lower_priorities_come_first_then_greater_weights() -> None:
    def backend(name: str, priority: int, weight: int) -> dict[str, Any]:
        ref = f"secret://{own_secret_name(ADA, name)}@1"
        place = {"base_url": "https://x.example", "credential": {**CREDENTIAL, "ref": ref}}
        place["credential"]["origin"] = "https://x.example:443"  # type: ignore[index]
        return {"name": name, "models": ["m"], "priority": priority, "weight": weight, **place}

    consumer = read_consumer(_delivered(backend("c", 1, 9), backend("b", 0, 1), backend("a", 0, 5)))

    assert [one.name for one in in_order(consumer.backends)] == ["a", "b", "c"]


@pytest.mark.parametrize(("user", "backend"), [("ada", "b"), (ADA, "mine"), ("a@b", "c"), ("a", "b.c")])
@pytest.mark.parametrize("kind", KINDS)
def test_a_secrets_name_tells_whose_it_is_and_of_which_kind(user: str, backend: str, kind: str) -> None:
    name = own_secret_name(user, backend, kind)

    assert (consumer_of_secret(name), kind_of_secret(name)) == (user, kind)
    assert any(name.startswith(beginning) for beginning in own_secret_beginnings(user))


def test_a_secret_of_the_workspace_is_nobodys() -> None:
    assert consumer_of_secret("backends/fast/openai") is None
    assert kind_of_secret("backends/fast/openai") is None


def test_a_provider_is_meant_by_provider_type_or_name() -> None:
    refs = [
        {"name": "one", "provider": "OpenAI", "base_url": "https://a.example/v1"},
        {"name": "two", "type": "azure-openai", "base_url": "https://b.example"},
        {"name": "openai", "base_url": "http://c.example:8000"},
    ]
    workspace = parse_workspace(
        {
            "version": "v0.3",
            "providers": {"models": [{"name": "m", "backend_refs": refs}]},
            "routing": {"modelCards": [{"name": "m"}]},
        }
    )

    assert origins_of(workspace, "openai") == ("http://c.example:8000", "https://a.example:443")
    assert origins_of(workspace, "azure_openai") == ("https://b.example:443",)
    assert origins_of(workspace, "gemini") == ()


def test_a_place_of_ones_own_gets_the_name_that_the_workspace_knows_of_that_provider() -> None:
    (backend,) = parse_own_backends([{"name": "x", "provider": "openai", "base_url": "https://own.example/v1"}])
    ref = BackendRef(name="p", provider="openai", base_url="https://api.openai.com/v1")
    known = ProviderModel(name="fast", provider_model_id="gpt-9", backend_refs=(ref,))
    elsewhere = known.model_copy(update={"backend_refs": (ref.model_copy(update={"provider": "gemini"}),)})

    assert own_place(backend, known, "fast").upstream_model == "gpt-9"
    assert own_place(backend, elsewhere, "fast").upstream_model == "fast"
    assert own_place(backend, None, "fast").chat_path == "/v1/chat/completions"
