"""Credentials in `global`: a warning while a document is judged, a fault as soon as it is to be stored."""

from __future__ import annotations

from typing import Any

import pytest

from contract import ContractError, canonical_bytes, parse_workspace, read_workspace, unserved_parts
from contract.faults import FaultLog
from contract.router_settings.rules import check_global

SECRET = "hunter2-hunter2"

HOLDERS: list[tuple[str, dict[str, Any]]] = [
    (
        "global.router.learning.state_store.redis.password",
        {"router": {"learning": {"state_store": {"redis": {"password": SECRET}}}}},
    ),
    ("global.services.response_api.redis.password", {"services": {"response_api": {"redis": {"password": SECRET}}}}),
    (
        "global.services.router_replay.postgres.password",
        {"services": {"router_replay": {"postgres": {"password": SECRET}}}},
    ),
    ("global.services.router_replay.qdrant.api_key", {"services": {"router_replay": {"qdrant": {"api_key": SECRET}}}}),
    (
        "global.services.startup_status.redis.password",
        {"services": {"startup_status": {"redis": {"password": SECRET}}}},
    ),
    (
        "global.services.authz.providers[0].headers.Authorization",
        {"services": {"authz": {"providers": [{"type": "static-config", "headers": {"Authorization": SECRET}}]}}},
    ),
    (
        "global.stores.semantic_cache.redis.connection.password",
        {"stores": {"semantic_cache": {"redis": {"connection": {"password": SECRET}}}}},
    ),
    ("global.stores.memory.valkey.password", {"stores": {"memory": {"valkey": {"password": SECRET}}}}),
    (
        "global.stores.vector_store.llama_stack.auth_token",
        {"stores": {"vector_store": {"llama_stack": {"auth_token": SECRET}}}},
    ),
    (
        "global.integrations.looper.headers.Authorization",
        {"integrations": {"looper": {"headers": {"Authorization": SECRET}}}},
    ),
    ("global.model_catalog.external[0].access_key", {"model_catalog": {"external": [{"access_key": SECRET}]}}),
    (
        "global.model_catalog.modules.classifier.mcp.env.MCP_API_KEY",
        {"model_catalog": {"modules": {"classifier": {"mcp": {"env": {"MCP_API_KEY": SECRET}}}}}},
    ),
]


@pytest.mark.parametrize(("path", "sections"), HOLDERS, ids=[path for path, _ in HOLDERS])
def test_an_inline_credential_is_warned_of_and_may_not_be_stored(path: str, sections: dict[str, Any]) -> None:
    log = FaultLog()

    document = parse_workspace({"version": "v0.3", "global": sections})
    check_global(sections, log)

    assert path in [warning.path for warning in log.warnings() if warning.code == "secret"]
    stored = [fault for fault in unserved_parts(document) if fault.code == "secret"]
    assert [fault.path for fault in stored] == [path.replace("semantic_cache", "response_cache")]
    assert all(fault.remedy for fault in stored)
    assert SECRET not in f"{log.warnings()} {stored} {document!r}"


@pytest.mark.parametrize("reference", ["", "${REDIS_PASSWORD}", "$REDIS_PASSWORD", "${REDIS:-}", "secret://redis"])
def test_a_credential_given_by_reference_may_be_stored(reference: str) -> None:
    redis = {"address": "redis:6379", "password": reference}

    document = parse_workspace({"version": "v0.3", "global": {"services": {"response_api": {"redis": redis}}}})

    assert "secret" not in [fault.code for fault in unserved_parts(document)]
    assert document.global_settings.services.response_api.redis.password == reference


@pytest.mark.parametrize("held", ["${REDIS:-hunter2}", "x${REDIS}", "secret://not a name"])
def test_text_around_or_inside_a_reference_is_a_credential(held: str) -> None:
    redis = {"password": held}

    document = parse_workspace({"version": "v0.3", "global": {"services": {"response_api": {"redis": redis}}}})

    assert "secret" in [fault.code for fault in unserved_parts(document)]


def test_agents_refuse_a_delivered_document_with_a_credential_in_it() -> None:
    sections = {"model_catalog": {"external": [{"name": "judge", "access_key": SECRET}]}}
    delivered = canonical_bytes({"version": "v0.3", "routing": {}, "global": sections})

    with pytest.raises(ContractError) as refusal:
        read_workspace(delivered)

    assert "secret" in {fault.code for fault in refusal.value.faults}
    assert SECRET not in str(refusal.value)


def test_an_address_holds_no_credential() -> None:
    with pytest.raises(ContractError) as refusal:
        parse_workspace(
            {
                "version": "v0.3",
                "global": {"services": {"router_replay": {"redis": {"address": f"user:{SECRET}@redis:6379"}}}},
            }
        )

    assert [fault.code for fault in refusal.value.faults] == ["secret"]
    assert SECRET not in str(refusal.value)
