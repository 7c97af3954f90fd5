"""The other commands: tables for people, stable JSON for programs, nothing secret where it does not belong."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from connectrpc.code import Code
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2

from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.management.v1 import consumer_keys_pb2, dataplanes_pb2, management_keys_pb2
from tests.fakes.product import FakeProduct, failure
from tests.unit.agentrouter_cli.conftest import Call


def at(hour: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime(2026, 1, 31, hour, tzinfo=UTC))
    return stamp


def a_proven_configuration() -> configurations.Configuration:
    proof = events.ApplyProof(
        envoy_version="9e55/1.40.0/Clean/RELEASE/BoringSSL",
        resources=[events.ProvenResource(name=f"cluster/{name}", digest="beef" * 16) for name in "ab"],
        applied_at=at(12),
    )
    versions = configurations.DataplaneVersions(
        dataplane_id="dp_1", desired_version=5, applied_version=5, running_version=4, proof=proof
    )
    return configurations.Configuration(
        workspace_id="ws_1", version=5, revision=9, digest="feed" * 16, dataplanes=[versions]
    )


def test_configurations_show_desired_applied_and_running_with_the_proof(product: FakeProduct, cli: Call) -> None:
    product.configurations.append(a_proven_configuration())

    outcome = cli("get", "configurations")

    row = next(line.split() for line in outcome.out.splitlines() if "dp_1" in line)
    assert row == ["(workspace)", "dp_1", "5", "5", "4", "-", "2026-01-31", "12:00:00Z", "2", "feedfeedfeed", "1.40.0"]


def test_how_long_a_data_plane_has_drifted_is_shown(product: FakeProduct, cli: Call) -> None:
    configuration = a_proven_configuration()
    configuration.dataplanes[0].drift_age.FromSeconds(7_380)
    product.configurations.append(configuration)

    assert "2h 3m" in cli("get", "configurations").out


def test_json_has_snake_case_names_and_numbers_that_are_numbers(product: FakeProduct, cli: Call) -> None:
    product.configurations.append(a_proven_configuration())

    outcome = cli("get", "configurations", "-o", "json")

    configuration = json.loads(outcome.out)["configurations"][0]
    assert (configuration["version"], configuration["user_id"]) == (5, "")
    assert configuration["dataplanes"][0]["applied_version"] == 5
    assert configuration["dataplanes"][0]["proof"]["applied_at"] == "2026-01-31T12:00:00Z"


def test_every_page_is_shown(product: FakeProduct, cli: Call) -> None:
    product.configurations += [configurations.Configuration(user_id=name) for name in ("alice", "bob", "carol")]

    outcome = cli("get", "users", "--output", "json")

    assert json.loads(outcome.out)["user_ids"] == ["alice", "bob", "carol"]


@pytest.mark.parametrize("command", ["events", "get events"])
def test_that_there_are_more_events_than_are_shown_is_said(product: FakeProduct, cli: Call, command: str) -> None:
    product.events += [events.Event(id=f"ev_{number}", slot="config/") for number in range(201)]

    assert "more than these 200" in cli(*command.split()).err

    del product.events[200:]
    assert cli(*command.split()).err == ""


def test_the_workspace_that_a_key_does_not_tell_is_asked_for_as_the_command_line_takes_it(
    product: FakeProduct, cli: Call
) -> None:
    field = error_details_pb2.BadRequest.FieldViolation(field="workspace_id", description="name one of: ws_1, ws_2")
    details = error_details_pb2.BadRequest(field_violations=[field])
    refused = failure(Code.INVALID_ARGUMENT, "this key sees several workspaces", "INVALID_INPUT", details)
    product.fail_with["ListPendingEvents"] = refused

    outcome = cli("events")

    assert (outcome.exit_code, "--workspace, or AGENTROUTER_WORKSPACE" in outcome.err) == (1, True)


def test_events_are_shown_with_their_error(product: FakeProduct, cli: Call) -> None:
    product.events.append(
        events.Event(id="ev_1", slot="config/", status=events.EVENT_STATUS_FAILED, error="[bold]no[/bold]")
    )

    outcome = cli("events", "--all", "--slot", "config/")

    request = product.asked_for(events.ListPendingEventsRequest)[0]
    assert (request.include_finished, request.slot) == (True, "config/")
    assert "FAILED" in outcome.out
    assert "[bold]no[/bold]" in outcome.out


def test_a_watcher_sees_each_change_once(product: FakeProduct, cli: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    product.events.append(events.Event(id="ev_1", etag="1", status=events.EVENT_STATUS_PENDING))
    rounds = iter(["same", "changed", "end"])

    def next_round(_: float) -> None:
        match next(rounds):
            case "changed":
                product.events[0].etag, product.events[0].status = "2", events.EVENT_STATUS_APPLIED
            case "end":
                raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", next_round)
    outcome = cli("events", "--watch", "-o", "json")

    statuses = [json.loads(line)["status"] for line in outcome.out.splitlines()]
    assert (outcome.exit_code, statuses) == (0, ["EVENT_STATUS_PENDING", "EVENT_STATUS_APPLIED"])


def test_trigger_passes_on_what_it_was_told(product: FakeProduct, cli: Call) -> None:
    product.configurations.append(configurations.Configuration(user_id="alice", version=2))

    outcome = cli("trigger", "--user", "alice", "--reason", "why not", "--force")

    request = product.asked_for(configurations.TriggerUpdateRequest)[0]
    assert (request.user_id, request.reason, request.force) == ("alice", "why not", True)
    assert "version 2" in outcome.out


def test_trigger_says_when_nothing_changed(cli: Call) -> None:
    outcome = cli("trigger")

    assert (outcome.exit_code, "nothing changed" in outcome.out) == (0, True)


def test_a_management_key_is_made_with_role_and_lifetime(product: FakeProduct, cli: Call) -> None:
    outcome = cli("keys", "management", "create", "ci", "--role", "viewer", "--lifetime", "30d")

    request = product.asked_for(management_keys_pb2.CreateManagementKeyRequest)[0]
    assert (request.role, request.lifetime.seconds) == (management_keys_pb2.ROLE_VIEWER, 30 * 86400)
    assert outcome.out.splitlines()[-1] == "ak-new"


def test_a_lifetime_that_cannot_be_read_is_a_usage_error(product: FakeProduct, cli: Call) -> None:
    outcome = cli("keys", "management", "create", "ci", "--lifetime", "soon")

    assert (outcome.exit_code, "soon" in outcome.err, product.asked) == (2, True, [])


def test_a_consumer_key_is_issued(product: FakeProduct, cli: Call) -> None:
    outcome = cli("keys", "consumer", "issue", "alice", "--output", "json")

    assert product.asked_for(consumer_keys_pb2.IssueConsumerKeyRequest)[0].consumer_id == "alice"
    assert json.loads(outcome.out)["secret"] == "sk-new"


def test_a_join_token_may_be_printed_alone(product: FakeProduct, cli: Call) -> None:
    outcome = cli("dataplanes", "join-token", "--raw", "--uses", "3")

    assert outcome.out == "jt-secret\n"
    assert product.asked_for(dataplanes_pb2.CreateJoinTokenRequest)[0].max_uses == 3


def test_a_data_plane_is_revoked_by_its_id(product: FakeProduct, cli: Call) -> None:
    outcome = cli("dataplanes", "revoke", "dp_1", "--reason", "sold")

    assert product.asked_for(dataplanes_pb2.RevokeDataplaneRequest)[0].reason == "sold"
    assert "dp_1 is revoked" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("get", "workspaces"), "ws_1"),
        (("get", "keys"), "alice"),
        (("keys", "consumer", "list"), "alice"),
        (("keys", "management", "list"), "no management keys"),
        (("keys", "management", "revoke", "mk_9"), "mk_9"),
        (("dataplanes", "list"), "join-token"),
        (("get", "dataplanes"), "join-token"),
        (("get", "events"), "no events"),
        (("version",), "agentrouter"),
    ],
)
def test_a_command_answers_in_text_and_in_json(cli: Call, arguments: tuple[str, ...], word: str) -> None:
    as_text, as_json = cli(*arguments), cli(*arguments, "--output", "json")

    assert (as_text.exit_code, word in as_text.out) == (0, True)
    assert isinstance(json.loads(as_json.out), dict)


def test_the_workspace_may_be_named(product: FakeProduct, cli: Call) -> None:
    cli("get", "users", "--workspace", "ws_other")

    assert product.asked_for(configurations.ListActiveUsersRequest)[0].workspace_id == "ws_other"
