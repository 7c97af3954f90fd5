"""LiteLLM's `config.yaml`: model groups become logical models, and what has no counterpart is listed."""

from __future__ import annotations

from typing import Any

import pytest

from contract import parse_workspace
from contract.migration import Layout, Migration, migrate, remaining_faults
from contract.migration.litellm_vendors import VENDORS


def _deployment(group: str, model: str, **parameters: Any) -> dict[str, Any]:
    return {"model_name": group, "litellm_params": {"model": model, **parameters}}


def _import(*deployments: dict[str, Any], **sections: Any) -> Migration:
    return migrate({"model_list": list(deployments), **sections})


def _model(migration: Migration, index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = migration.document["providers"]["models"][index]
    return found


def test_a_group_of_deployments_is_one_model_with_several_backends() -> None:
    migration = _import(
        _deployment("gpt", "azure/gpt-eu", api_base="https://eu.openai.azure.com/", api_version="2024-02-01"),
        _deployment("gpt", "openai/gpt-4o", api_key="os.environ/KEY"),
    )

    assert migration.layout is Layout.LITELLM
    assert _model(migration) == {
        "name": "gpt",
        "provider_model_id": "gpt-4o",
        "backend_refs": [
            {
                "name": "azure-openai",
                "base_url": "https://eu.openai.azure.com/openai/deployments/gpt-eu",
                "provider": "azure-openai",
                "api_version": "2024-02-01",
                "api_key_env": "AZURE_API_KEY",
            },
            {"name": "openai", "base_url": "https://api.openai.com/v1", "provider": "openai", "api_key_env": "KEY"},
        ],
    }
    assert migration.document["routing"] == {"modelCards": [{"name": "gpt"}]}
    assert remaining_faults(migration.document) == ()


def test_names_that_differ_between_providers_are_written_by_type() -> None:
    migration = _import(_deployment("llama", "groq/llama-70b"), _deployment("llama", "together_ai/meta/Llama-70b"))

    assert _model(migration)["external_model_ids"] == {"groq": "llama-70b", "together-ai": "meta/Llama-70b"}


def test_two_names_at_one_provider_become_two_models_and_a_person_is_told() -> None:
    migration = _import(_deployment("small", "groq/a"), _deployment("small", "groq/b"))

    assert [model["name"] for model in migration.document["providers"]["models"]] == ["small", "small@b"]
    assert [note.old_path for note in migration.undecided] == ["model_list[1].litellm_params.model"]


def test_keys_stay_as_they_are_and_are_in_no_note() -> None:
    migration = _import(_deployment("a", "openai/a", api_key="sk-in$line"))

    assert _model(migration)["backend_refs"][0]["api_key"] == "sk-in$$line"
    assert "sk-in" not in repr(migration)


def test_a_variable_in_an_address_becomes_a_reference() -> None:
    migration = _import(_deployment("a", "hosted_vllm/org/a", api_base="os.environ/BASE"))

    assert _model(migration)["backend_refs"][0]["base_url"] == "${BASE}"
    assert remaining_faults(migration.document) == ()


def test_no_key_is_sent_to_an_address_of_ones_own_by_default() -> None:
    migration = _import(_deployment("a", "openai/a", api_base="http://inside:8000/v1"))

    assert "api_key_env" not in _model(migration)["backend_refs"][0]


@pytest.mark.parametrize(
    ("parameters", "weights"),
    [
        (({"order": 1}, {"order": 2}), [2, 1]),
        (({"weight": 3}, {}), [3, 1]),
        (({"weight": 0.7}, {"weight": 0.3}), [70, 30]),
    ],
)
def test_order_and_weight_become_the_order_of_failover(
    parameters: tuple[dict[str, Any], ...], weights: list[int]
) -> None:
    migration = _import(*(_deployment("a", "openai/a", **each) for each in parameters))

    assert [ref["weight"] for ref in _model(migration)["backend_refs"]] == weights


def test_prices_by_token_become_prices_by_million() -> None:
    entry = {
        **_deployment("a", "openai/a"),
        "model_info": {"input_cost_per_token": 2.5e-06, "max_input_tokens": 128000},
    }

    migration = _import(entry)

    assert _model(migration)["pricing"] == {"prompt_per_1m": 2.5}
    assert migration.document["routing"]["modelCards"] == [{"name": "a", "context_window_size": 128000}]


def test_an_alias_is_a_model_of_its_own_on_the_same_backends() -> None:
    migration = _import(_deployment("a", "openai/a"), router_settings={"model_group_alias": {"b": "a"}})

    assert _model(migration, 1) == {**_model(migration), "name": "b", "provider_model_id": "a"}


def test_retries_and_cooldowns_become_reliability() -> None:
    settings = {"num_retries": 9, "allowed_fails": 2, "cooldown_time": 30, "routing_strategy": "least-busy"}

    migration = _import(_deployment("a", "openai/a"), router_settings=settings)

    assert _model(migration)["reliability"] == {
        "retry_count": 5,
        "retry_on": "5xx,connect-failure,refused-stream",
        "consecutive_5xx": 3,
        "base_ejection_time": "30s",
        "lb_policy": "least_request",
    }
    assert remaining_faults(migration.document) == ()


def test_what_has_no_counterpart_is_listed() -> None:
    migration = _import(
        _deployment("a", "openai/a", rpm=6, max_tokens=10),
        _deployment("*", "openai/*"),
        _deployment("odd", "nobody/x"),
        _deployment("nameless", "azure/", api_base="https://h.example.com"),
        {**_deployment("e", "openai/e"), "model_info": {"mode": "embedding"}},
        litellm_settings={"fallbacks": [{"a": ["b"]}], "drop_params": True},
        general_settings={"master_key": "sk-1234"},
        environment_variables={"SECRET": "hush"},
    )

    assert {note.old_path for note in migration.undecided} == {
        "model_list[0].litellm_params.rpm",
        "model_list[0].litellm_params.max_tokens",
        "model_list[1]",
        "model_list[2]",
        "model_list[3]",
        "model_list[4]",
        "litellm_settings.fallbacks",
    }
    assert {note.old_path for note in migration.dropped} == {
        "litellm_settings.drop_params",
        "general_settings.master_key",
        "environment_variables",
    }
    assert "hush" not in repr((migration, migration.document))


@pytest.mark.parametrize("prefix", sorted(VENDORS))
def test_every_provider_that_is_known_makes_a_backend_that_the_contract_takes(prefix: str) -> None:
    parameters = {"api_base": "https://h.example.com"} if not VENDORS[prefix].base_url else {}

    migration = _import(_deployment("a", f"{prefix}/a", **parameters))

    assert parse_workspace(migration.document).providers.models[0].backend_refs[0].base_url
