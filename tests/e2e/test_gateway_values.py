"""What is no document, in the real product: revoked keys, rotated signing keys, the catalogue, the URL, and a data
plane that is revoked itself."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.whole_product import WholeProduct, running

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeProduct]:
    with running(tmp_path_factory.mktemp("gateway-values") / "home") as started:
        yield started


def settled(product: WholeProduct, slot: str) -> bool:
    """Whether the slot's newest event is APPLIED."""
    events = product.data("events", "--all", "--slot", slot)["events"]
    return bool(events) and events[0]["status"] == "EVENT_STATUS_APPLIED"


def issued(product: WholeProduct, consumer: str) -> dict[str, Any]:
    """A consumer key that works already."""
    made: dict[str, Any] = product.data("keys", "consumer", "issue", consumer)
    product.wait_until(lambda: product.chat(key=made["secret"]).status == 200, "the key lets its consumer in")
    return made


def test_a_revoked_key_is_refused_once_the_event_is_applied_and_after_every_restart(product: WholeProduct) -> None:
    lost, kept = issued(product, "alice"), issued(product, "alice")

    product.data("keys", "consumer", "revoke", lost["key"]["jti"], "--reason", "lost laptop")
    product.wait_until(lambda: settled(product, "revocations"), "the revocation is proven applied")

    assert product.chat(key=lost["secret"]).status == 401
    assert product.chat(key=kept["secret"]).status == 200
    for name in ("envoy", "agent"):
        kill_and_await(product, name, kept["secret"])
        assert product.chat(key=lost["secret"]).status == 401


def kill_and_await(product: WholeProduct, name: str, key: str) -> None:
    """`kill -9`, and wait until its successor lives and the gateway serves."""
    before = product.pid(name)
    os.kill(before, signal.SIGKILL)
    product.wait_until(
        lambda: product.pid(name) not in (0, before) and product.chat(key=key).status == 200, f"{name} is back"
    )


def test_signing_keys_rotate_and_a_retired_one_lets_nobody_in(product: WholeProduct) -> None:
    old = issued(product, "bob")
    made = product.data("keys", "gatekeeper", "rotate")
    product.wait_until(lambda: settled(product, "gatekeeper_keys"), "the key set is proven applied")
    new = issued(product, "bob")
    assert product.chat(key=old["secret"]).status == 200

    (older,) = [key["kid"] for key in json.loads(made["jwks"])["keys"] if key["kid"] != made["kid"]]
    product.data("keys", "gatekeeper", "retire", older)
    product.wait_until(lambda: product.chat(key=old["secret"]).status == 401, "the retired key's consumers are out")

    assert product.chat(key=new["secret"]).status == 200
    product.wait_until(lambda: settled(product, "gatekeeper_keys"), "the key set is proven applied")


def test_an_mcp_server_is_kept_by_the_data_plane_and_the_proof_says_so(product: WholeProduct) -> None:
    product.data("mcp", "upsert", "files", "--url", "http://files.mcp.svc:8080/mcp")

    product.wait_until(lambda: settled(product, "mcp/files"), "the data plane has it")

    (event,) = product.data("events", "--all", "--slot", "mcp/files")["events"]
    (resource,) = event["proof"]["resources"]
    assert resource["name"].startswith("ledger/mcp/files (kept")
    assert [each["id"] for each in product.data("mcp", "list")["servers"]] == ["files"]
    assert "http://files.mcp.svc:8080/mcp" in product.cli("mcp", "list").stdout


def test_a_changed_url_is_told_and_the_first_one_is_not(product: WholeProduct) -> None:
    first = product.data("dataplanes", "set-url", "https://llm.example.com")
    second = product.data("dataplanes", "set-url", "https://gateway.example.com")

    assert (first["emitted"], second["emitted"]) == (False, True)
    product.wait_until(lambda: settled(product, "proxy_url"), "the data plane has it")
    assert "https://gateway.example.com" in product.cli("dataplanes", "list").stdout


def test_providers_are_shown_with_their_models(product: WholeProduct) -> None:
    providers = product.data("providers")["providers"]

    assert providers
    assert all(each["model_count"] > 0 for each in providers)
    assert providers[0]["name"] in product.cli("providers").stdout


def test_a_revoked_data_plane_serves_on_until_it_is_told_twice_and_then_drains_and_wipes(product: WholeProduct) -> None:
    ledger, key = product.home / "agent" / "ledger", issued(product, "carol")["secret"]
    assert any(ledger.iterdir())

    product.cli("dataplanes", "revoke", product.run_file["dataplane_id"], "--reason", "host was sold")

    assert product.chat(key=key).status == 200
    product.wait_until(lambda: not any(ledger.iterdir()), "secrets and ledger are wiped")
    assert product.chat(key=key).status == 0  # nobody answers
