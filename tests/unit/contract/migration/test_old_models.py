"""Models of older layouts: their meaning goes to cards, the places that serve them to backends."""

from __future__ import annotations

from typing import Any

import pytest

from contract.migration import inline_secrets, migrate, remaining_faults

FLAT: dict[str, Any] = {
    "default_model": "fast",
    "vllm_endpoints": [
        {"name": "here", "address": "127.0.0.1", "port": 8000, "weight": 80, "health_check_path": "/health"},
        {"name": "there", "provider_profile": "cloud"},
    ],
    "provider_profiles": {"cloud": {"type": "openai", "base_url": "https://api.example.com/v1"}},
    "model_config": {
        "fast": {
            "preferred_endpoints": ["here", "there"],
            "access_key": "sk-old",
            "description": "Quick",
            "tags": ["a"],
        }
    },
}


def test_one_entry_of_model_config_becomes_a_card_and_a_binding() -> None:
    migration = migrate(FLAT)

    assert migration.document["routing"]["modelCards"] == [{"name": "fast", "description": "Quick", "tags": ["a"]}]
    assert migration.document["providers"]["models"] == [
        {
            "name": "fast",
            "backend_refs": [
                {"name": "here", "endpoint": "127.0.0.1:8000", "weight": 80, "api_key": "sk-old"},
                {"name": "there", "base_url": "https://api.example.com/v1", "provider": "openai", "api_key": "sk-old"},
            ],
            "reliability": {"health_check_path": "/health"},
        }
    ]
    assert remaining_faults(migration.document) == ()


def test_no_note_repeats_a_key() -> None:
    migration = migrate(FLAT)

    assert "sk-old" not in repr((migration.moved, migration.dropped, migration.undecided))
    assert "sk-old" not in repr(migration)


def test_a_key_without_a_place_to_send_it_to_is_left_to_a_person() -> None:
    migration = migrate({"model_config": {"fast": {"model_name": "org/fast", "access_key": "sk-lonely"}}})

    assert [note.old_path for note in migration.undecided] == ["model_config.fast.access_key"]
    assert "sk-lonely" not in str(migration.document)
    assert migration.document["providers"]["models"] == [{"name": "fast", "provider_model_id": "org/fast"}]


def test_the_nested_file_of_the_command_line_keeps_its_endpoints() -> None:
    model = {
        "name": "fast",
        "endpoints": [{"endpoint": "h:8000", "protocol": "http"}],
        "access_key": "k",
        "param_size": "8B",
    }

    document = migrate({"providers": {"models": [model], "default_model": "fast"}}).document

    refs = [{"endpoint": "h:8000", "protocol": "http", "api_key": "k"}]
    assert document["providers"]["models"] == [{"name": "fast", "backend_refs": refs}]
    assert document["routing"]["modelCards"] == [{"name": "fast", "param_size": "8B"}]


def test_targets_backends_and_profiles_come_together() -> None:
    providers = {
        "model_targets": {"fast": {"backend_refs": ["b"], "auth_ref": "p", "provider_model_id": "org/fast"}},
        "backends": {"b": {"base_url": "https://h/v1"}},
        "auth_profiles": {"p": {"api_key_env": "KEY"}},
    }

    document = migrate({"providers": providers}).document

    assert document["providers"] == {
        "models": [
            {
                "name": "fast",
                "provider_model_id": "org/fast",
                "backend_refs": [{"name": "b", "base_url": "https://h/v1", "api_key_env": "KEY"}],
            }
        ]
    }


def test_a_binding_that_is_there_already_wins() -> None:
    raw = {
        "version": "v0.3",
        "providers": {"models": [{"name": "fast", "provider_model_id": "mine", "description": "old"}]},
        "routing": {"modelCards": [{"name": "fast", "description": "new"}]},
    }

    migration = migrate(raw)

    assert migration.document["routing"]["modelCards"][0]["description"] == "new"
    assert [note.old_path for note in migration.dropped] == ["providers.models[0].description"]


def test_every_model_that_is_bound_defaulted_to_or_routed_to_has_a_card() -> None:
    raw = {
        "default_model": "a",
        "model_config": {"b": {"pricing": {"prompt_per_1m": 1}}},
        "decisions": [{"name": "d", "modelRefs": [{"model": "c"}, {"model": "b"}]}],
    }

    document = migrate(raw).document

    assert [card["name"] for card in document["routing"]["modelCards"]] == ["b", "a", "c"]
    assert remaining_faults(document) == ()


def test_an_adapter_needs_no_card_of_its_own() -> None:
    raw = {"version": "v0.3", "routing": {"modelCards": [{"name": "a", "loras": [{"name": "sql"}]}]}}

    migration = migrate({**raw, "providers": {"defaults": {"default_model": "sql"}}})

    assert not migration.changed


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("10.0.0.1", "10.0.0.1:80"),
        ("fd00::1", "[fd00::1]:80"),
        ("https://h/v1", "https://h:80/v1"),
        ("h/v1", "h:80/v1"),
    ],
)
def test_an_address_and_its_port_become_one_endpoint(address: str, endpoint: str) -> None:
    raw = {
        "vllm_endpoints": [{"name": "e", "address": address, "port": 80}],
        "model_config": {"fast": {"preferred_endpoints": ["e"]}},
    }

    document = migrate(raw).document

    assert document["providers"]["models"][0]["backend_refs"][0]["endpoint"] == endpoint
    assert remaining_faults(document) == ()


def test_an_endpoint_that_no_model_prefers_and_one_that_is_missing_are_undecided() -> None:
    raw = {
        "vllm_endpoints": [{"name": "spare", "address": "h", "port": 1}],
        "model_config": {"fast": {"preferred_endpoints": ["gone"], "model_name": "x"}},
    }

    undecided = {note.old_path for note in migrate(raw).undecided}

    assert undecided == {"vllm_endpoints[0]", "model_config.fast.preferred_endpoints"}


def test_a_family_that_the_file_does_not_describe_is_dropped() -> None:
    migration = migrate({"model_config": {"fast": {"reasoning_family": "none", "model_name": "x"}}})

    assert migration.document["providers"]["models"] == [{"name": "fast", "provider_model_id": "x"}]
    assert [note.old_path for note in migration.dropped] == ["model_config.fast.reasoning_family"]


def test_credentials_in_a_document_are_found_by_path_and_references_are_none() -> None:
    refs = [{"api_key": each} for each in ("sk-1", "${KEY}", "$KEY", "secret://k", "pa$$word", "")]
    document = {"providers": {"models": [{"backend_refs": refs}]}, "global": {"stores": {"redis": {"password": "x"}}}}

    assert inline_secrets(document) == (
        "providers.models[0].backend_refs[0].api_key",
        "providers.models[0].backend_refs[4].api_key",
        "global.stores.redis.password",
    )
