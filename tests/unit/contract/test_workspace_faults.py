"""Every fault of a workspace document is found, with its path and its code, however many there are."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, parse_workspace, unserved_parts
from tests.unit.contract.documents import BASE, changed, faults_of, with_backend, with_value

MODEL = "providers.models[0]"
REF = f"{MODEL}.backend_refs[0]"


def test_the_base_document_is_accepted() -> None:
    document = parse_workspace(BASE)

    assert document.providers.models[0].name == "fast"
    assert document.routing.model_cards[0].loras[0].name == "sql"


@pytest.mark.parametrize(
    ("path", "value", "at", "code"),
    [
        ("version", "v0.2", "version", "value"),
        ("version", 0.3, "version", "value"),
        ("listeners.0.port", 0, "listeners[0].port", "range"),
        ("listeners.0.port", 65536, "listeners[0].port", "range"),
        ("listeners.0.port", "8080", "listeners[0].port", "type"),
        ("listeners.0.port", True, "listeners[0].port", "type"),
        ("listeners.0.address", "localhost", "listeners[0].address", "value"),
        ("listeners.0.address", "fe80::1%eth0", "listeners[0].address", "value"),
        ("listeners.0.timeout", "soon", "listeners[0].timeout", "value"),
        ("listeners.0.timeout", 30, "listeners[0].timeout", "type"),
        ("listeners.0.timeout", "0s", "listeners[0].timeout", "value"),
        ("listeners.0.api_keys", ["two lines\n"], "listeners[0].api_keys[0]", "secret"),
        ("listeners.0.name", " http", "listeners[0].name", "value"),
        ("listeners", {}, "listeners", "type"),
        ("providers.models.0.name", "ghost", f"{MODEL}.name", "reference"),
        ("providers.models.0.name", "", f"{MODEL}.name", "value"),
        ("providers.models.0.reasoning_family", "nope", f"{MODEL}.reasoning_family", "reference"),
        ("providers.models.0", {"name": "fast"}, MODEL, "required"),
        ("providers.models.0", "fast", MODEL, "type"),
        ("providers.models.0.api_format", "cohere", f"{MODEL}.api_format", "value"),
        ("providers.models.0.api_format", "grpc", f"{MODEL}.api_format", "value"),
        ("providers.models.0.pricing", {"prompt_per_1m": -1}, f"{MODEL}.pricing.prompt_per_1m", "range"),
        ("providers.models.0.pricing", {"prompt_per_1m": float("nan")}, f"{MODEL}.pricing.prompt_per_1m", "range"),
        ("providers.models.0.pricing", {"currency": "dollars"}, f"{MODEL}.pricing.currency", "value"),
        ("providers.models.0.reliability", {"retry_count": 1}, f"{MODEL}.reliability.retry_on", "required"),
        ("providers.models.0.reliability", {"retry_on": "5xy"}, f"{MODEL}.reliability.retry_on", "value"),
        (
            "providers.models.0.reliability",
            {"health_check_path": "up"},
            f"{MODEL}.reliability.health_check_path",
            "address",
        ),
        ("providers.models.0.loras", [], f"{MODEL}.loras", "deprecated"),
        ("providers.defaults.default_model", "ghost", "providers.defaults.default_model", "reference"),
        ("providers.backends", [], "providers.backends", "deprecated"),
        ("routing.modelCards.1.name", "fast", "routing.modelCards[1].name", "duplicate"),
        ("routing.modelCards.1.quality_score", 1.5, "routing.modelCards[1].quality_score", "range"),
        ("routing.modelCards.1.context_window_size", 0, "routing.modelCards[1].context_window_size", "range"),
        (
            "routing.modelCards.1.loras",
            [{"name": "a"}, {"name": "a"}],
            "routing.modelCards[1].loras[1].name",
            "duplicate",
        ),
        ("routing.signals", {"keywords": [{}]}, "routing.signals.keywords[0].name", "required"),
        ("routing.signals", {"keyword": []}, "routing.signals.keyword", "unknown_field"),
        ("routing.models", [], "routing.models", "deprecated"),
        ("global.router", {"stategy": "priority"}, "global.router.stategy", "unknown_field"),
        ("global.modules", {}, "global.modules", "deprecated"),
        ("entrypoints", [{"recipe": "x"}], "entrypoints[0].model_names", "required"),
        ("keyword_rules", [], "keyword_rules", "deprecated"),
        ("extra", 1, "extra", "unknown_field"),
    ],
)
def test_one_wrong_value_is_one_fault_at_its_place(path: str, value: object, at: str, code: str) -> None:
    faults = faults_of(with_value(path, value))

    assert faults[at] == code


@pytest.mark.parametrize(
    ("fields", "at", "code"),
    [
        ({"base_url": ""}, REF, "required"),
        ({"endpoint": "127.0.0.1:8000"}, f"{REF}.base_url", "conflict"),
        ({"base_url": "", "endpoint": "https://h/v1", "protocol": "http"}, f"{REF}.protocol", "conflict"),
        ({"base_url": "api.example.com"}, f"{REF}.base_url", "address"),
        ({"base_url": "ftp://api.example.com"}, f"{REF}.base_url", "address"),
        ({"base_url": "https://user:pass@api.example.com"}, f"{REF}.base_url", "address"),
        ({"base_url": "https://api.example.com:0"}, f"{REF}.base_url", "address"),
        ({"base_url": "https://api.example.com/v1?x=1"}, f"{REF}.base_url", "address"),
        ({"base_url": "https://api.example.com/../v1"}, f"{REF}.base_url", "address"),
        ({"base_url": "https://api example.com"}, f"{REF}.base_url", "address"),
        ({"base_url": "https://bücher.example"}, f"{REF}.base_url", "address"),
        ({"base_url": "https://999.1.1.1"}, f"{REF}.base_url", "address"),
        ({"chat_path": "chat"}, f"{REF}.chat_path", "address"),
        ({"weight": -1}, f"{REF}.weight", "range"),
        ({"provider": "opnai"}, f"{REF}.provider", "value"),
        ({"auth_header": "host"}, f"{REF}.auth_header", "header"),
        ({"auth_prefix": "Bearer\r\nX: y"}, f"{REF}.auth_prefix", "header"),
        ({"extra_headers": {":path": "/"}}, f"{REF}.extra_headers[':path']", "header"),
        ({"extra_headers": {"Transfer-Encoding": "chunked"}}, f"{REF}.extra_headers.Transfer-Encoding", "header"),
        ({"extra_headers": {"X-Team": "a\nb"}}, f"{REF}.extra_headers.X-Team", "header"),
        ({"extra_headers": {"X-Api-Key": "k"}}, f"{REF}.extra_headers.X-Api-Key", "secret"),
        ({"extra_headers": {"X-Mine": "k"}, "auth_header": "x-mine"}, f"{REF}.extra_headers.X-Mine", "secret"),
        ({"extra_headers": {"X-Team": "a", "x-team": "b"}}, f"{REF}.extra_headers.x-team", "duplicate"),
        ({"api_key": "secret://no good"}, f"{REF}.api_key", "secret"),
        ({"api_key": "two\nlines"}, f"{REF}.api_key", "secret"),
        ({"api_key_env": "NOT-A-NAME"}, f"{REF}.api_key_env", "value"),
    ],
)
def test_a_backend_is_held_to_its_rules(fields: dict[str, Any], at: str, code: str) -> None:
    faults = faults_of(with_backend(**fields))

    assert faults == {at: code}


def test_all_faults_come_at_once_in_the_order_of_the_document() -> None:
    raw = with_value("listeners.0.port", 70000)
    raw["providers"]["models"] += [{"name": "ghost"}] * 11
    raw["providers"]["models"][0]["backend_refs"][0] = {"weight": "heavy"}

    with pytest.raises(ContractError) as refusal:
        parse_workspace(raw)

    paths = [fault.path for fault in refusal.value.faults]
    assert paths[:3] == ["listeners[0].port", REF, f"{REF}.weight"]
    assert paths.index("providers.models[2].name") < paths.index("providers.models[10].name")


def test_a_misspelt_key_gets_a_suggestion() -> None:
    with pytest.raises(ContractError, match=r"did you mean 'weight'\?"):
        parse_workspace(with_backend(wieght=1))


def test_a_missing_version_is_a_fault() -> None:
    assert faults_of(changed(lambda raw: raw.pop("version"))) == {"version": "required"}


def test_a_document_with_neither_routing_nor_global_names_its_unexpected_keys() -> None:
    with pytest.raises(ContractError, match="unexpected top-level keys: default_model, semantic_cache") as refusal:
        parse_workspace({"version": "v0.3", "semantic_cache": {}, "default_model": "m"})

    assert "vllm-sr config migrate --config old-config.yaml" in str(refusal.value)
    assert [fault.code for fault in refusal.value.faults] == ["not_canonical"]


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::", "0:0:0:0:0:0:0:0"])  # noqa: S104 - never bound
def test_a_listener_on_every_address_shares_its_port_with_none(address: str) -> None:
    raw = changed(lambda raw: raw["listeners"].append({"name": "other", "address": address, "port": 12582}))

    assert faults_of(raw) == {"listeners[1].port": "duplicate"}


def test_listeners_on_different_addresses_may_share_a_port() -> None:
    listeners = [{"name": name, "address": f"127.0.0.{name}", "port": 12582} for name in "12"]

    assert len(parse_workspace({**BASE, "listeners": listeners}).listeners) == 2


def test_two_unnamed_backends_never_take_the_name_of_a_third() -> None:
    refs = [{"endpoint": "a:1"}, {"endpoint": "b:1", "name": "primary"}]

    assert faults_of(with_value("providers.models.0.backend_refs", refs)) == {
        f"{MODEL}.backend_refs[1].name": "duplicate"
    }


def test_empty_sections_of_later_releases_and_nulls_say_nothing() -> None:
    raw = {**BASE, "entrypoints": [], "recipes": None, "global": {"router": {}, "services": None}}
    raw["routing"] = {**BASE["routing"], "signals": {}, "decisions": []}

    assert parse_workspace(raw) == parse_workspace(BASE)


def test_a_deprecated_key_deep_in_a_section_is_found() -> None:
    faults = faults_of(with_value("global.model_catalog.embeddings.bert", {}))

    assert faults == {"global.model_catalog.embeddings.bert": "deprecated"}


def test_a_model_that_nobody_serves_may_carry_metadata_alone() -> None:
    raw = with_value("providers.models.0", {"name": "fast", "pricing": {"prompt_per_1m": 1}})

    assert parse_workspace(raw).providers.models[0].backend_refs == ()


def test_a_lora_may_be_the_default_model() -> None:
    raw = with_value("providers.defaults.default_model", "sql")

    assert parse_workspace(raw).providers.defaults.default_model == "sql"


def test_no_fault_ever_repeats_a_credential() -> None:
    secret = "sk-very-secret\n"  # the newline makes it a fault
    raw = with_backend(api_key=secret, base_url=f"https://u:{secret.strip()}@h", extra_headers={"X-Api-Key": secret})

    with pytest.raises(ContractError) as refusal:
        parse_workspace(raw)

    assert "very-secret" not in str(refusal.value) + repr(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_a_document_does_not_show_its_credentials() -> None:
    document = parse_workspace(with_backend(api_key="sk-very-secret"))

    assert "very-secret" not in repr(document)


def test_thousands_of_faults_are_cut_short_and_say_so() -> None:
    raw = {**BASE, **{f"zz{number}": 1 for number in range(1500)}}

    with pytest.raises(ContractError) as refusal:
        parse_workspace(raw)

    assert len(refusal.value.faults) == 1001
    assert refusal.value.faults[-1].message == "500 further faults are not listed"


def test_a_listeners_own_keys_are_of_the_contract_and_run_by_nobody() -> None:
    document = parse_workspace(with_value("listeners.0.api_keys", ["$LISTENER_KEY"]))

    [fault] = unserved_parts(document)

    assert (fault.path, fault.code) == ("listeners[0].api_keys", "unsupported")
    assert "consumer keys" in fault.remedy
    assert "LISTENER_KEY" not in repr(document)
