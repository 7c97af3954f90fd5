"""What the contract allows and no data plane runs: accepted when judged, named when it is put, refused by agents."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, canonical_bytes, parse_consumer, parse_workspace, read_workspace, unserved_parts
from contract.serving import UNSERVED
from tests.unit.contract.documents import BASE, with_backend, with_value


def unserved(raw: dict[str, Any]) -> list[str]:
    return [fault.path for fault in unserved_parts(parse_workspace(raw)) if fault.code == "unsupported"]


def test_a_plain_gateway_asks_for_nothing_that_is_not_run() -> None:
    assert unserved(BASE) == []


@pytest.mark.parametrize(
    ("path", "value", "part"),
    [
        ("global.router.config_source", "kubernetes", "global.router.config_source"),
        ("global.router.auto_model_names", [], "global.router.auto_model_names"),
        ("global.router.learning.enabled", True, "global.router.learning"),
        ("global.services.management_api.port", 8081, "global.services.management_api"),
        ("global.stores.response_cache.ttl_seconds", 10, "global.stores.response_cache"),
        ("global.stores.semantic_cache.ttl_seconds", 10, "global.stores.response_cache"),
        ("global.integrations.looper.retry_count", 1, "global.integrations.looper"),
        ("global.model_catalog.kbs", [], "global.model_catalog.kbs"),
        ("global.model_catalog.modules.prompt_guard.threshold", 0, "global.model_catalog.modules.prompt_guard"),
    ],
)
def test_a_part_of_global_that_nobody_runs_is_named(path: str, value: object, part: str) -> None:
    assert unserved(with_value(path, value)) == [part]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("global.router.auto_model_name", "MoM"),
        ("global.router.include_config_models_in_list", True),
        ("global.stores.response_cache", {"enabled": False, "max_entries": 9}),
        ("global.services.observability.tracing.enabled", False),
        ("global.model_catalog.modules.prompt_guard.enabled", False),
    ],
)
def test_a_default_and_a_feature_that_is_off_may_be_put(path: str, value: object) -> None:
    assert unserved(with_value(path, value)) == []


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (with_value("providers.models.0.api_format", "anthropic"), "providers.models[0].api_format"),
        (with_backend(provider="anthropic"), "providers.models[0].backend_refs[0].provider"),
        (with_backend(type="Anthropic"), "providers.models[0].backend_refs[0].type"),
    ],
)
def test_anthropics_protocol_is_of_the_contract_and_waits_for_the_relay(raw: dict[str, Any], path: str) -> None:
    assert unserved(raw) == [path]
    with pytest.raises(ContractError, match="needs the relay"):
        read_workspace(canonical_bytes(parse_workspace(raw)))


def test_a_consumers_document_is_run_as_a_whole() -> None:
    assert unserved_parts(parse_consumer({"version": "consumer/v1", "consumer_id": "c1"})) == ()


def test_every_path_leads_into_a_document() -> None:
    consumer = parse_consumer({"version": "consumer/v1", "consumer_id": "c1"})
    for path in UNSERVED:
        holder: Any = consumer if path in ("limits_class", "budget") else parse_workspace(BASE)
        for step in path.split("."):
            fields = type(holder).model_fields
            (attribute,) = [name for name, info in fields.items() if step.removesuffix("[]") in (name, info.alias)]
            holder = getattr(holder, attribute)
            holder = holder[0] if step.endswith("[]") else holder
