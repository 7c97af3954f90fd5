"""Messages: every enum has its counterpart, and what goes to the wire comes back as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct, Value
from hypothesis import given
from hypothesis import strategies as st

from agentrouter.configurator.v1 import configurations_pb2 as pb
from agentrouter.configurator.v1 import events_pb2
from agentrouter.management.v1 import dataplanes_pb2, management_keys_pb2
from controlplane.domain.dataplanes import AgentReport, RejectedVersion, RunningVersion
from controlplane.domain.errors import InvalidInput
from controlplane.domain.reverts import Revert, RevertFigures
from controlplane.transport.messages import configurations, events, management
from controlplane.transport.messages.json_bytes import METADATA_DEPTH, read_struct, struct
from controlplane.transport.messages.times import duration, read_duration, read_timestamp, timestamp


@pytest.mark.parametrize(
    ("table", "enum"),
    [
        (configurations.STATES, pb.ConfigurationState),
        (events.TYPES, events_pb2.EventType),
        (events.STATUSES, events_pb2.EventStatus),
        (management.ROLES, management_keys_pb2.Role),
        (management.CONNECTIONS, dataplanes_pb2.DataplaneConnection),
        (management.SYNCS, dataplanes_pb2.DataplaneSync),
    ],
)
def test_every_value_of_an_enum_means_something_here_but_the_unspecified(table: dict[Any, str], enum: Any) -> None:
    names = {value.name for value in enum.DESCRIPTOR.values if not value.name.endswith("_UNSPECIFIED")}

    assert set(table.values()) == names


moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(moments)
def test_a_time_comes_back_exactly(moment: datetime) -> None:
    message = pb.ListConfigurationsRequest(created_after=timestamp(moment))

    assert read_timestamp(message, "created_after") == moment


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=36_500)))
def test_a_duration_comes_back_exactly(span: timedelta) -> None:
    message = pb.GetConfigurationRequest(wait=duration(span))

    assert read_duration(message, "wait") == span


def test_absent_times_are_none() -> None:
    assert read_timestamp(pb.ListConfigurationsRequest(), "created_after") is None
    assert read_duration(pb.GetConfigurationRequest(), "wait") is None
    assert timestamp(None) is None
    assert duration(None) is None


@pytest.mark.parametrize(("seconds", "nanos"), [(2**62, 0), (-(2**62), 0), (0, 2**31 - 1), (253402300800, 0)])
def test_a_time_outside_the_calendar_is_refused_by_name(seconds: int, nanos: int) -> None:
    message = pb.ListConfigurationsRequest()
    message.created_after.seconds, message.created_after.nanos = seconds, nanos

    with pytest.raises(InvalidInput) as refused:
        read_timestamp(message, "created_after")

    assert refused.value.faults[0].path == "created_after"


@pytest.mark.parametrize("seconds", [2**62, -(2**62)])
def test_a_duration_out_of_range_is_refused_by_name(seconds: int) -> None:
    message = pb.GetConfigurationRequest()
    message.wait.seconds = seconds

    with pytest.raises(InvalidInput) as refused:
        read_duration(message, "wait")

    assert refused.value.faults[0].path == "wait"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=10), json_values, max_size=4))
def test_metadata_comes_back_as_it_was_and_always_in_the_same_bytes(value: dict[str, Any]) -> None:
    given_struct = Struct()
    given_struct.update(value)
    message = pb.TriggerUpdateRequest(metadata=given_struct)

    kept = read_struct(message, "metadata")

    assert struct(kept) == given_struct
    again = pb.TriggerUpdateRequest(metadata=struct(kept))
    assert read_struct(again, "metadata") == kept
    assert json.loads(kept) is not None


def nested(levels: int) -> Struct:
    """So many levels of JSON."""
    outer: dict[str, Any] = {}
    for _ in range(levels - 1):
        outer = {"a": outer}
    message = Struct()
    message.update(outer)
    return message


def test_metadata_as_deep_as_allowed_is_carried_by_every_message_that_holds_it() -> None:
    kept = read_struct(pb.TriggerUpdateRequest(metadata=nested(METADATA_DEPTH)), "metadata")

    answer = pb.GetConfigurationResponse(pending_events=[events_pb2.Event(metadata=struct(kept))])

    assert pb.GetConfigurationResponse.FromString(answer.SerializeToString()) == answer


@pytest.mark.parametrize("value", [nested(METADATA_DEPTH + 1), Struct(fields={"x": Value(number_value=float("nan"))})])
def test_metadata_that_cannot_be_kept_is_refused_by_name(value: Struct) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_struct(pb.TriggerUpdateRequest(metadata=value), "metadata")

    assert refused.value.faults[0].path == "metadata"


def test_absent_metadata_is_no_bytes() -> None:
    assert read_struct(pb.TriggerUpdateRequest(), "metadata") == b""
    assert struct(b"") is None


def test_what_an_agent_reports_comes_back_as_it_was() -> None:
    said = AgentReport(
        agent_version="1",
        envoy_version="2",
        received_revision=3,
        running=(RunningVersion("config/", 4),),
        rejected=(RejectedVersion("config/alice", 5, "no", workspace_version=4),),
        serving_stale_since=datetime(2026, 1, 1, tzinfo=UTC),
        ledger_lost=True,
        warnings=("w",),
        reverted=(
            Revert(
                "config/bob",
                from_version=7,
                to_version=6,
                figures=RevertFigures(120, 40, 1 / 3, timedelta(seconds=30)),
                reason="the provider is unhealthy",
                workspace_version=4,
                reverted_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
            ),
            Revert("config/", from_version=2, to_version=0),
        ),
        running_revision=2,
    )

    assert configurations.read_report(configurations.report(said)) == said


def test_a_poll_is_read_the_same_whether_it_is_short_or_long() -> None:
    few = pb.GetConfigurationRequest(queries=[pb.ConfigurationQuery(user_id="a", current_version=1)], epoch="e")
    many = pb.GetConfigurationRequest(
        queries=[pb.ConfigurationQuery(user_id=f"user-{n}", current_version=n) for n in range(500)], epoch="e"
    )

    assert configurations.read_poll(few).queries == {"a": 1}
    read = configurations.read_poll(many)
    assert read.queries == {f"user-{n}": n for n in range(500)}
    assert read.epoch == "e"
