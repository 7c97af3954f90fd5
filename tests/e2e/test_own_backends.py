"""A consumer's own key through the whole product: saved by the command line, spent by Envoy, readable nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.whole_product import WholeProduct, http, running

ADA = "ada@example.com"
CANARY = "sk-own-canary-0123456789-wxyz"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, free_ports: Callable[[int], list[int]]) -> Iterator[WholeProduct]:
    home = tmp_path_factory.mktemp("own-backends") / "home"
    with running(home, free_ports(3), MY_KEY=CANARY) as started:
        yield started


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


def test_a_place_where_requests_may_not_go_is_refused_by_its_path(product: WholeProduct) -> None:
    whole = {"mode": "EXCLUSIVE", "backends": [{"name": "x", "base_url": "http://169.254.169.254", "models": ["demo"]}]}

    refused = product.cli("backends", "save", "bob", "-f", "-", stdin=json.dumps(whole), expect=1)

    assert "backends[0].base_url" in refused.stderr


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a socket, or gone meanwhile
        return b""
