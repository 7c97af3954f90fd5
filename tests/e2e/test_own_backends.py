"""A consumer's own key through the whole product: saved by the command line, spent by Envoy, readable nowhere."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.whole_product import WholeProduct, http, running
from tests.fakes.aws_signatures import signed_by
from tests.fakes.credentials import AWS_KEYS, key_file
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.fakes.token_server import TokenServer

ADA = "ada@example.com"
CANARY = "sk-own-canary-0123456789-wxyz"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeProduct]:
    home = tmp_path_factory.mktemp("own-backends") / "home"
    with running(home, MY_KEY=CANARY) as started:
        yield started


@pytest.fixture(scope="module")
def idp() -> Iterator[TokenServer]:
    """A token endpoint."""
    server = TokenServer(ada=CANARY)
    with beside(server):
        yield server


@pytest.fixture(scope="module")
def bedrock() -> Iterator[ScriptedUpstream]:
    """A place that keeps what it gets."""
    server = ScriptedUpstream()
    with beside(server):
        yield server


@contextmanager
def beside(server: TokenServer | ScriptedUpstream) -> Iterator[None]:
    """In a loop of its own: these tests wait without one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result()
    yield
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def key(product: WholeProduct) -> str:
    secret: str = product.data("keys", "consumer", "issue", ADA)["secret"]
    product.wait_until(lambda: product.chat(key=secret).status == 200, "ada is served")
    return secret


def save(product: WholeProduct, mode: str, **backend: Any) -> None:
    whole = {"mode": mode, "backends": [{"name": "mine", "api_key_env": "MY_KEY", **backend}]}
    product.cli("backends", "save", ADA, "-f", "-", stdin=json.dumps(whole))


def spent(product: WholeProduct) -> list[tuple[str, str | None]]:
    """Which upstream was asked, and the last four characters of what it was paid with."""
    document = product.document()
    demo = document["providers"]["models"][0]["backend_refs"][0]["base_url"].rpartition("/alpha/")[0]
    requests = http("GET", f"{demo}/admin/requests").json
    entries = requests if isinstance(requests, list) else requests["requests"]
    return [(one["provider"], one["credential_last_four"]) for one in entries]


def asked_with_own_key(product: WholeProduct, key: str) -> bool:
    return product.chat(key=key).status == 200 and spent(product)[-1] == ("beta", "wxyz")


def test_a_consumers_own_key_is_spent_for_it_and_for_nobody_else(product: WholeProduct, key: str) -> None:
    save(product, "EXCLUSIVE", provider="beta")
    product.wait_until(lambda: asked_with_own_key(product, key), "ada pays herself")

    assert product.chat().status == 200
    assert spent(product)[-1] == ("alpha", None)
    listed = product.data("backends", "list", ADA)
    assert (listed["mode"], listed["backends"][0]["last_four"]) == ("BACKEND_MODE_EXCLUSIVE", "wxyz")


def test_the_key_stands_in_no_file_of_the_product(product: WholeProduct, key: str) -> None:
    save(product, "PREFERRED", provider="beta")
    product.wait_until(lambda: asked_with_own_key(product, key), "ada pays herself")

    files = [path for path in product.home.rglob("*") if path.is_file()]
    leaks = [str(path) for path in files if CANARY.encode() in _read(path)]

    assert len(files) > 10
    assert leaks == []
    assert CANARY not in product.said


def test_deleted_backends_leave_the_platforms(product: WholeProduct, key: str) -> None:
    save(product, "EXCLUSIVE", provider="beta")
    product.wait_until(lambda: asked_with_own_key(product, key), "ada pays herself")

    product.cli("backends", "delete", ADA, "--all")

    product.wait_until(
        lambda: product.chat(key=key).status == 200 and spent(product)[-1] == ("alpha", None), "the platform pays"
    )


def test_the_tokens_of_a_consumers_client_are_spent_and_nothing_of_it_stands_in_a_file(
    product: WholeProduct, key: str, idp: TokenServer
) -> None:
    client = {"token_url": idp.url, "client_id": "ada", "client_secret_env": "MY_KEY"}
    whole = {"mode": "EXCLUSIVE", "backends": [{"name": "mine", "provider": "beta", "oauth": client}]}
    product.cli("backends", "save", ADA, "-f", "-", stdin=json.dumps(whole))

    product.wait_until(
        lambda: product.chat(key=key).status == 200 and spent(product)[-1] == ("beta", "-ada"), "ada pays by token"
    )

    listed = product.data("backends", "list", ADA)["backends"][0]
    assert (listed["credential_kind"], listed["last_four"]) == ("oauth", "wxyz")
    secrets = [CANARY, *idp.given]
    files = {path: _read(path) for path in product.home.rglob("*") if path.is_file()}
    assert [path for path, content in files.items() if any(one.encode() in content for one in secrets)] == []
    assert not [one for one in secrets if one in product.said]


def test_the_tokens_of_a_service_account_are_spent(
    product: WholeProduct, key: str, idp: TokenServer, tmp_path: Path
) -> None:
    (tmp_path / "account.json").write_text(json.dumps(key_file(token_uri=idp.url)))
    account = {"key_file": str(tmp_path / "account.json")}
    whole = {"mode": "EXCLUSIVE", "backends": [{"name": "vertex", "provider": "beta", "gcp": account}]}
    product.cli("backends", "save", ADA, "-f", "-", stdin=json.dumps(whole))

    product.wait_until(
        lambda: product.chat(key=key).status == 200 and spent(product)[-1] == ("beta", idp.given[-1][-4:]),
        "ada pays by the account's token",
    )
    assert idp.given[-1].endswith("-of-ada@project-of-ada.iam.example")


def test_requests_are_signed_with_a_consumers_own_aws_keys(
    product: WholeProduct, key: str, bedrock: ScriptedUpstream
) -> None:
    place = {"base_url": f"http://127.0.0.1:{bedrock.port}/openai/v1", "models": ["demo"]}
    whole = {"mode": "EXCLUSIVE", "backends": [{"name": "bedrock", "aws": AWS_KEYS, **place}]}
    product.cli("backends", "save", ADA, "-f", "-", stdin=json.dumps(whole))

    product.wait_until(lambda: product.chat(key=key).status == 200 and bedrock.received != [], "ada signs")

    signed = signed_by(bedrock.received[-1], AWS_KEYS["secret_access_key"])
    assert signed is not None
    assert signed[:3] == (AWS_KEYS["access_key_id"], AWS_KEYS["region"], "bedrock")


def test_a_client_that_is_refused_is_told_of_and_pays_nothing(
    product: WholeProduct, key: str, idp: TokenServer
) -> None:
    client = {"token_url": idp.url, "client_id": "nobody", "client_secret_env": "MY_KEY"}
    whole = {"mode": "EXCLUSIVE", "backends": [{"name": "mine", "provider": "beta", "oauth": client}]}
    product.cli("backends", "save", ADA, "-f", "-", stdin=json.dumps(whole))

    product.wait_until(lambda: product.chat(key=key).status == 503, "ada has no token")
    why = {"user_id": ADA, "backend": "mine", "reason": "127.0.0.1 answered 401 (invalid_client)"}
    product.wait_until(lambda: health(product) == ("DATAPLANE_SYNC_DEGRADED", [why]), "the reason is told")

    product.cli("backends", "delete", ADA, "--all")
    product.wait_until(lambda: health(product) == ("DATAPLANE_SYNC_SYNCED", []), "it is well again")


def health(product: WholeProduct) -> tuple[str, list[dict[str, str]]]:
    (plane,) = product.data("dataplanes", "list")["dataplanes"]
    return plane["sync"], plane["report"].get("outages", [])


def test_a_place_where_requests_may_not_go_is_refused_by_its_path(product: WholeProduct) -> None:
    whole = {"mode": "EXCLUSIVE", "backends": [{"name": "x", "base_url": "http://169.254.169.254", "models": ["demo"]}]}

    refused = product.cli("backends", "save", "bob", "-f", "-", stdin=json.dumps(whole), expect=1)

    assert "backends[0].base_url" in refused.stderr


def test_a_removed_consumer_is_refused_and_let_in_again_once_it_is_made_again(product: WholeProduct, key: str) -> None:
    save(product, "EXCLUSIVE", provider="beta")
    product.wait_until(lambda: asked_with_own_key(product, key), "ada pays herself")

    (removed,) = product.data("delete", "document", "--user", ADA, "--reason", "left")["documents"]

    assert removed["outcome"] == "applied"
    product.wait_until(lambda: product.chat(key=key).status == 401, "ada is refused")
    assert product.chat(key=key).json["error"]["code"] == "invalid_api_key"
    assert product.chat().status == 200
    newest = product.data("history", "--user", ADA)["versions"][0]
    assert (newest["removed"], newest["reason"], newest["version"]) == (True, "left", removed["document_version"])
    ledger = [path for path in (product.home / "agent" / "ledger").rglob("*") if path.is_file()]
    assert [path for path in ledger if b"byok/ada" in _read(path)] == []

    (back,) = product.data("rollback", "--user", ADA)["documents"]

    assert (back["outcome"], back["version"]) == ("applied", removed["version"] + 1)
    product.wait_until(lambda: product.chat(key=key).status == 200, "ada is served")
    assert spent(product)[-1] == ("alpha", None)
    assert product.data("backends", "list", ADA)["backends"] == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a socket, or gone meanwhile
        return b""
