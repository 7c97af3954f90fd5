"""`upgrade submit|cancel|rollback|status`: what is asked for, what is shown, and no secret on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentrouter.configurator.v1 import upgrades_pb2 as upgrades
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call

SUBMIT = ("upgrade", "submit", "1.2.0", "--registry", "registry.example", "--username", "robot")


def test_the_secret_comes_from_a_file_or_the_environment(
    product: FakeProduct, cli: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "robot.key").write_text("from-a-file\n")

    outcome = cli(*SUBMIT, "--secret-file", str(tmp_path / "robot.key"), "--dataplane", "dp_1")
    monkeypatch.setenv("AGENTROUTER_REGISTRY_SECRET", "from-the-environment")
    cli(*SUBMIT, "--lifetime", "2h")

    assert "upgrade evt_up is submitted" in outcome.out
    first, second = product.asked_for(upgrades.SubmitDataplaneUpgradeCredentialsRequest)
    assert (first.secret, first.dataplane_id, first.target_version) == ("from-a-file", "dp_1", "1.2.0")
    assert (second.secret, first.HasField("expires_at"), second.HasField("expires_at")) == (
        "from-the-environment",
        False,
        True,
    )


def test_without_a_secret_nothing_is_sent(
    product: FakeProduct, cli: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGENTROUTER_REGISTRY_SECRET", raising=False)

    missing, unreadable = cli(*SUBMIT), cli(*SUBMIT, "--secret-file", str(tmp_path / "nowhere"))

    assert (missing.exit_code, unreadable.exit_code) == (2, 2)
    assert "--secret-file or set AGENTROUTER_REGISTRY_SECRET" in missing.err
    assert "cannot be read" in unreadable.err
    assert product.asked_for(upgrades.SubmitDataplaneUpgradeCredentialsRequest) == []


def test_cancel_says_the_phase_and_rollback_its_event(product: FakeProduct, cli: Call) -> None:
    cancelled, rolled_back = cli("upgrade", "cancel", "-d", "dp_1"), cli("upgrade", "rollback", "-o", "json")

    assert "the upgrade is CANCELLING" in cancelled.out
    assert json.loads(rolled_back.out) == {"rollback_event_id": "evt_back"}
    assert product.asked_for(upgrades.CancelDataplaneUpgradeRequest)[0].dataplane_id == "dp_1"


def test_status_shows_each_data_planes_latest_upgrade(product: FakeProduct, cli: Call) -> None:
    view = dataplanes.UpgradeView(
        event_id="evt_1", phase=upgrades.UPGRADE_PHASE_FAILED, target_version="1.2.0", error="not supported"
    )
    product.dataplanes = [dataplanes.Dataplane(id="dp_1", upgrade=view), dataplanes.Dataplane(id="dp_2")]

    shown, told = cli("upgrade", "status").out, json.loads(cli("upgrade", "status", "-o", "json").out)

    assert "FAILED" in shown
    assert "not supported" in shown
    assert "dp_2" not in shown
    assert [(each["dataplane_id"], each["phase"]) for each in told["upgrades"]] == [("dp_1", "UPGRADE_PHASE_FAILED")]
