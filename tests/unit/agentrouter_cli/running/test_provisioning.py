"""What a run arranges, and above all what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from connectrpc.code import Code

from agentrouter.management.v1 import consumer_keys_pb2, dataplanes_pb2, documents_pb2, management_keys_pb2
from agentrouter_cli.client import Client
from agentrouter_cli.errors import Refused
from agentrouter_cli.product import Product
from agentrouter_cli.running.demo_document import OpenAi, first_listener
from agentrouter_cli.running.home import Home
from agentrouter_cli.running.provisioning import Provisioning
from tests.fakes.product import KEY, FakeProduct, failure


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def provisioning(product: FakeProduct, home: Home, said: list[str]) -> Provisioning:
    return Provisioning(Client(Product(product.url, KEY, "ws_1")), home, said.append)


def puts(product: FakeProduct) -> list[documents_pb2.PutDocumentRequest]:
    return product.asked_for(documents_pb2.PutDocumentRequest)


def test_the_first_run_puts_the_demo_document(product: FakeProduct, provisioning: Provisioning, home: Home) -> None:
    document = provisioning.ensure_document(None, 4711, 12582)

    sent = json.loads(puts(product)[0].content)
    assert (document.is_ours, sent) == (True, document.content)
    assert "127.0.0.1:4711" in puts(product)[0].content
    assert home.memory().demo_port == 4711


def test_a_document_of_the_operators_is_left_alone(
    product: FakeProduct, provisioning: Provisioning, home: Home
) -> None:
    home.remember(document_etag="as-run-put-it")
    product.source[""] = json.dumps({"listeners": [{"port": 9000}]})

    document = provisioning.ensure_document(None, 4711, 12582)

    assert (document.is_ours, puts(product)) == (False, [])
    assert first_listener(document.content) == home.memory().listener_port == 9000


def test_a_document_that_is_still_runs_own_follows_the_demo_providers_port(
    product: FakeProduct, provisioning: Provisioning, home: Home
) -> None:
    home.remember(document_etag="e1", demo_port=4711)
    product.source[""] = json.dumps({})

    provisioning.ensure_document(None, 4712, 12582)

    assert "127.0.0.1:4712" in puts(product)[0].content


def test_a_real_provider_takes_the_place_of_the_demo(
    product: FakeProduct, provisioning: Provisioning, home: Home
) -> None:
    home.remember(document_etag="e1")
    product.source[""] = json.dumps({})

    provisioning.ensure_document(OpenAi("sk-openai"), 4711, 12582)

    assert "https://api.openai.com/v1" in puts(product)[0].content
    assert "sk-openai" not in (home.folder / "run-memory.json").read_text()


def test_an_operator_hears_that_the_demo_provider_moved_away_from_the_document(
    product: FakeProduct, provisioning: Provisioning, home: Home, said: list[str]
) -> None:
    home.remember(document_etag="other", demo_port=4711)
    product.source[""] = json.dumps({"base_url": "http://127.0.0.1:4711/alpha/v1"})

    provisioning.ensure_document(None, 4712, 12582)

    assert len(said) == 1
    assert "4712" in said[0]


def test_a_known_consumer_key_is_used_again(product: FakeProduct, provisioning: Provisioning, home: Home) -> None:
    first, second = provisioning.consumer_key(), provisioning.consumer_key()

    assert first == second == "sk-new"
    assert len(product.asked_for(consumer_keys_pb2.IssueConsumerKeyRequest)) == 1


def test_a_consumer_key_that_the_product_forgot_is_issued_anew(
    product: FakeProduct, provisioning: Provisioning, home: Home
) -> None:
    home.remember(consumer_key="sk-old", consumer_key_jti="jti_forgotten")

    assert provisioning.consumer_key() == "sk-new"


def test_a_consumer_key_that_ends_soon_is_issued_anew(
    product: FakeProduct, provisioning: Provisioning, home: Home
) -> None:
    home.remember(consumer_key="sk-old", consumer_key_jti="jti_1")
    product.keys_expire_at = 1_000_000_000

    assert provisioning.consumer_key() == "sk-new"


def test_keys_of_killed_runs_are_revoked_and_no_others(product: FakeProduct, provisioning: Provisioning) -> None:
    for key_id, name in (("mk_own", "run"), ("mk_left", "run"), ("mk_gone", "run"), ("mk_other", "ci")):
        product.management_keys.append(management_keys_pb2.ManagementKey(id=key_id, name=name))
    product.management_keys[2].revoked_at.GetCurrentTime()

    provisioning.revoke_left_over_keys("run", "mk_own")

    revoked = product.asked_for(management_keys_pb2.RevokeManagementKeyRequest)
    assert [request.key_id for request in revoked] == ["mk_left"]


def test_a_data_plane_that_the_product_does_not_know_is_unknown(provisioning: Provisioning) -> None:
    assert provisioning.knows_dataplane("dp_unknown") is False


def test_a_data_plane_that_is_enrolled_here_is_known(product: FakeProduct, provisioning: Provisioning) -> None:
    product.dataplanes.append(dataplanes_pb2.Dataplane(id="dp_1", workspace_id="ws_1"))

    assert provisioning.knows_dataplane("dp_1") is True


def test_a_data_plane_is_not_taken_for_unknown_when_the_product_fails(
    product: FakeProduct, provisioning: Provisioning
) -> None:
    product.fail_with["GetDataplane"] = failure(Code.INTERNAL, "something broke", "INTERNAL")

    with pytest.raises(Refused, match="something broke"):
        provisioning.knows_dataplane("dp_1")


def test_a_join_token_is_good_for_one(provisioning: Provisioning) -> None:
    assert provisioning.join_token() == "jt-secret"
