"""Backup beside the running product, changes, restore: the real agent takes back what was saved and serves it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.domain.counting import RAISED_BY
from tests.e2e.whole_product import WholeProduct, running

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def product(tmp_path: Path) -> Iterator[WholeProduct]:
    with running(tmp_path / "home") as started:
        yield started


def test_what_was_saved_is_served_again_after_a_restore_and_counts_on(product: WholeProduct, tmp_path: Path) -> None:
    saved, backup = product.document(), tmp_path / "today.backup"
    product.cli("backup", str(backup))
    lost = copy.deepcopy(saved)
    lost["providers"]["models"][1]["provider_model_id"] = "of-the-lost-history"
    product.apply(lost)
    product.cli("keys", "consumer", "issue", "lost")
    product.wait_until(lambda: "of-the-lost-history" in product.chat("demo-beta").content, "it is served")
    refused = product.cli("restore", str(backup), "--replace", expect=1)
    product.stop()

    product.cli("restore", str(backup), "--replace")
    product.start()

    product.wait_until(lambda: "of-the-lost-history" not in product.chat("demo-beta").content, "it went back")
    product.wait_until(lambda: product.data("get", "dataplanes")["dataplanes"][0]["sync"].endswith("SYNCED"), "synced")
    assert "in use" in refused.stderr
    assert product.document() == saved
    assert "lost" not in product.data("get", "users")["user_ids"]
    assert product.versions()["running_version"] > RAISED_BY
    product.apply(lost)
    assert "of-the-lost-history" in product.chat("demo-beta").content
