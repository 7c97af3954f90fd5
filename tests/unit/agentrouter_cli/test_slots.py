"""`reconcile`, `full-sync`, and what operators do to single events."""

from __future__ import annotations

import json
from pathlib import Path

from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.management.v1 import operations_pb2 as operations
from tests.fakes.product import FakeProduct
from tests.unit.agentrouter_cli.conftest import Call


def test_a_reconciliation_shows_what_was_found_and_sent(product: FakeProduct, cli: Call) -> None:
    outcome = cli("reconcile", "--include-rejected", "--dataplane", "dp_1")

    request = product.asked_for(slots.ReconcileWorkspaceRequest)[0]
    assert (request.include_rejected, request.dataplane_id, request.validate_only) == (True, "dp_1", False)
    (row,) = [line.split() for line in outcome.out.splitlines() if "config/alice" in line]
    assert row == ["dp_1", "config/alice", "STALE", "evt_9"]
    assert outcome.out.splitlines()[-1] == "0 missing, 1 stale, 0 orphaned, 0 rejected: 1 sent again"


def test_a_dry_run_of_a_reconciliation_says_that_nothing_was_done(product: FakeProduct, cli: Call) -> None:
    outcome = cli("reconcile", "--dry-run")

    assert product.asked_for(slots.ReconcileWorkspaceRequest)[0].validate_only
    assert outcome.out.rstrip().endswith("1 would be sent again (dry run, nothing was changed)")


def test_a_reconciliation_as_json_has_rows_and_counts(product: FakeProduct, cli: Call) -> None:
    data = json.loads(cli("reconcile", "--output", "json").out)

    assert (data["stale_count"], data["enqueued_count"], data["rows"][0]["event_id"]) == (1, 1, "evt_9")


def test_a_full_synchronisation_adds_up_what_its_steps_told(product: FakeProduct, cli: Call) -> None:
    shown, data = cli("full-sync"), json.loads(cli("full-sync", "--dry-run", "-o", "json").out)

    assert "config/alice" in shown.out
    assert "no such secret" in shown.out
    assert "2 compiled, 1 got a new version; 5 walked in all" in shown.out
    assert (data["walked_count"], len(data["rows"]), len(data["problems"]), data["done"]) == (5, 1, 1, True)
    assert [each.validate_only for each in product.asked_for(slots.FullSyncWorkspaceRequest)] == [False, True]


def test_progress_that_ends_early_says_to_call_again(product: FakeProduct, cli: Call) -> None:
    product.rotation_dies = True

    outcome = cli("full-sync")

    assert outcome.exit_code == 1
    assert "call it again" in outcome.err


def test_a_dead_letter_is_replayed_by_its_id(product: FakeProduct, cli: Call) -> None:
    outcome = cli("events", "replay", "evt_1")

    assert product.asked_for(operations.ReplayEventRequest)[0].event_id == "evt_1"
    assert "PENDING" in outcome.out


def test_metadata_come_from_a_file(product: FakeProduct, cli: Call, tmp_path: Path) -> None:
    file = tmp_path / "ticket.yaml"
    file.write_text("ticket: T-1\nby: {name: ann}\n")

    data = json.loads(cli("events", "metadata", "evt_1", "-f", str(file), "--etag", "e1", "-o", "json").out)

    request = product.asked_for(events.UpdateEventMetadataRequest)[0]
    assert (request.event_id, request.etag) == ("evt_1", "e1")
    assert data["metadata"] == {"ticket": "T-1", "by": {"name": "ann"}}


def test_a_file_that_holds_no_metadata_is_refused_before_anything_is_asked(
    product: FakeProduct, cli: Call, tmp_path: Path
) -> None:
    file = tmp_path / "list.yaml"
    file.write_text("- a\n- b\n")

    assert cli("events", "metadata", "evt_1", "-f", str(file)).exit_code == 1
    assert cli("events", "metadata", "evt_1", "-f", str(tmp_path / "none.yaml")).exit_code == 2
    assert product.asked_for(events.UpdateEventMetadataRequest) == []
