"""Decoding: lists that are too long are refused before anything is done for an item, and values are never repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from agentrouter.configurator.v1 import configurations_pb2 as pb
from agentrouter.configurator.v1 import events_pb2
from agentrouter.management.v1 import documents_pb2, management_keys_pb2
from controlplane.domain.errors import InvalidInput
from controlplane.transport.bounds import check_bounds, check_json_bounds
from controlplane.transport.decoding import decode_binary, decode_json, encode_json
from controlplane.transport.validation import validate


def refused(act: Any, *given: Any) -> InvalidInput:
    """What the act raises."""
    with pytest.raises(InvalidInput) as caught:
        act(*given)
    return caught.value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    for decode in (decode_binary, decode_json):
        reason = ""
        try:
            decode(data, pb.GetConfigurationRequest)
        except InvalidInput as error:
            reason = error.reason
        assert reason in ("", "MALFORMED_REQUEST")


def test_an_empty_body_is_an_empty_message() -> None:
    assert decode_json(b"", pb.GetConfigurationRequest) == pb.GetConfigurationRequest()
    assert decode_binary(b"", pb.GetConfigurationRequest) == pb.GetConfigurationRequest()


def test_what_was_encoded_is_decoded_again_in_either_spelling() -> None:
    message = pb.GetConfigurationRequest(workspace_id="ws_1", since_revision=7, boot=events_pb2.Boot(counter=1))

    for snake_case in (False, True):
        assert decode_json(encode_json(message, snake_case=snake_case), pb.GetConfigurationRequest) == message


def test_a_short_answer_is_encoded_as_any_other_is() -> None:
    answer = pb.GetConfigurationResponse(revision=2**53 + 1, epoch="e", event_cursor=3)
    answer.next_poll_after.SetInParent()

    for _ in range(2):
        assert json.loads(encode_json(answer)) == json_format.MessageToDict(answer)
        assert json.loads(encode_json(answer, snake_case=True))["event_cursor"] == "3"


@pytest.mark.parametrize(
    ("body", "kind", "path"),
    [
        ({"content": {"a": "canary"}}, documents_pb2.PutDocumentRequest, "content"),
        ({"validateOnly": "canary"}, documents_pb2.PutDocumentRequest, "validateOnly"),
        ({"role": "canary"}, management_keys_pb2.CreateManagementKeyRequest, "role"),
        ({"boot": {"counter": "canary"}}, pb.GetConfigurationRequest, "boot.counter"),
        ({"queries": [{}, {"currentVersion": "canary"}]}, pb.GetConfigurationRequest, "queries.currentVersion"),
        ({"wait": "canary"}, pb.GetConfigurationRequest, "wait"),
    ],
)
def test_a_value_that_a_field_cannot_have_is_refused_by_the_fields_name_alone(body: Any, kind: Any, path: str) -> None:
    error = refused(decode_json, json.dumps(body).encode(), kind)

    assert [fault.path for fault in error.faults] == [path]
    assert "canary" not in error.message


def test_a_field_that_does_not_exist_is_named() -> None:
    error = refused(decode_json, b'{"boot": {"surprise": 1}}', pb.GetConfigurationRequest)

    assert error.faults[0].path.endswith("surprise")


def test_broken_json_is_told_by_its_place() -> None:
    assert "line 1" in refused(decode_json, b'{"a": ', pb.GetConfigurationRequest).message


def queries(count: int) -> pb.GetConfigurationRequest:
    """A request of so many."""
    return pb.GetConfigurationRequest(queries=[pb.ConfigurationQuery()] * count)


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (queries(10_001), "queries"),
        (
            pb.GetConfigurationRequest(report=pb.AgentReport(running=[pb.RunningVersion()] * 1001)),
            "report.running",
        ),
        (events_pb2.CompleteEventRequest(proof={"resources": [{}] * 5001}), "proof.resources"),
    ],
)
def test_a_list_over_its_rule_is_refused_in_both_forms_as_validation_would(message: Any, path: str) -> None:
    as_json = json_format.MessageToDict(message)

    for error in (refused(check_bounds, message), refused(check_json_bounds, as_json, type(message))):
        assert [fault.path for fault in error.faults] == [path]
    assert path in [fault.path for fault in refused(validate, message).faults]


def test_a_list_at_its_rule_passes_and_odd_json_is_left_to_the_parser() -> None:
    check_bounds(queries(10_000))
    odds: tuple[Any, ...] = (None, [], 7, {"queries": 7}, {"report": [1]}, {"report": {"running": "x"}})
    for odd in odds:
        check_json_bounds(odd, pb.GetConfigurationRequest)
