"""Which names a document's models and LoRA adapters can be asked for by."""

from __future__ import annotations

from typing import Any

from contract import parse_workspace
from contract.adapters import check_adapters, served_models
from contract.faults import FaultLog

PLACE = [{"endpoint": "10.0.0.7:8000", "type": "vllm"}]


def document(cards: dict[str, list[str]], **models: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "v0.3",
        "providers": {"models": [{"name": name, "backend_refs": PLACE, **fields} for name, fields in models.items()]},
        "routing": {
            "modelCards": [{"name": name, "loras": [{"name": lora} for lora in loras]} for name, loras in cards.items()]
        },
    }


def served(raw: dict[str, Any]) -> list[str]:
    return [model.name for model in served_models(parse_workspace(raw))]


def test_an_adapter_follows_its_cards_model() -> None:
    raw = document({"base": ["sql", "law"], "other": []}, other={}, base={})

    assert served(raw) == ["other", "base", "sql", "law"]


def test_an_adapter_is_called_by_its_own_name_where_its_model_is() -> None:
    raw = document(
        {"base": ["sql"]},
        base={
            "provider_model_id": "org/base",
            "external_model_ids": {"vllm": "base-7b"},
            "reliability": {"retry_count": 2, "retry_on": "5xx"},
        },
    )

    base, sql = served_models(parse_workspace(raw))

    assert (sql.provider_model_id, sql.external_model_ids) == (None, {})
    assert (sql.backend_refs, sql.reliability) == (base.backend_refs, base.reliability)


def test_an_adapter_of_a_card_that_no_place_serves_is_not_served() -> None:
    assert served(document({"base": [], "card-only": ["sql"]}, base={})) == ["base"]


def test_a_default_model_may_be_an_adapter() -> None:
    raw = document({"base": ["sql"]}, base={})
    raw["providers"]["defaults"] = {"default_model": "sql"}

    assert served(raw) == ["base", "sql"]


def test_a_name_that_a_model_has_means_the_model_and_else_the_first_adapter() -> None:
    raw = document({"base": ["second", "sql"], "second": ["sql"]}, base={}, second={})

    assert served(raw) == ["base", "sql", "second"]


def test_an_adapter_that_cannot_be_reached_is_warned_of() -> None:
    log = FaultLog()

    check_adapters(document({"base": ["second", "sql"], "second": ["sql"]})["routing"], log)

    assert [warning.path for warning in log.warnings()] == [
        "routing.modelCards[0].loras[0].name",
        "routing.modelCards[1].loras[0].name",
    ]
