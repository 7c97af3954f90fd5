"""Messages that are put together of encoded parts are what the library would have made of the whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agentrouter.configurator.v1 import configurations_pb2 as pb
from agentrouter.configurator.v1 import events_pb2
from controlplane.domain.events import Event, EventStatus, EventType
from controlplane.services.news import News
from controlplane.services.views import Batch
from controlplane.transport.messages import configurations, events

names = st.text(max_size=20)
texts = st.sampled_from([b"", b'{"cause":"by hand"}', b'{"full_revision":3}', b'{"long":"%s"}' % (b"x" * 40_000)])
moments = st.none() | st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
any_events = st.builds(
    Event,
    id=names,
    workspace_id=names,
    dataplane_id=names,
    type=st.sampled_from(EventType),
    slot=names,
    user_id=names,
    configuration_version=st.integers(0, 2**63 - 1),
    status=st.sampled_from(EventStatus),
    cursor=st.integers(0, 100),
    created_at=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    payload=texts,
    metadata=texts,
    etag=names,
    attempt=st.integers(0, 5),
    fencing_token=st.integers(0, 5),
    lease_expires_at=moments,
    acknowledged_at=moments,
    completed_at=moments,
    error=names,
    superseded_by=names,
    proof=st.sampled_from([b"", b'{"envoyVersion":"1"}']),
)


@given(any_events)
def test_an_event_of_encoded_parts_is_the_event(event: Event) -> None:
    assert events_pb2.Event.FromString(events.encoded(event)) == events.event(event)


@given(st.lists(any_events, max_size=3))
def test_an_answer_brings_its_events_in_their_order(rung: list[Event]) -> None:
    news = News(Batch(7), "epoch", 9, timedelta(seconds=1), events=rung)

    answer = configurations.news(news, sealed=True).message()

    expected = pb.GetConfigurationResponse(revision=7, epoch="epoch", event_cursor=9)
    expected.next_poll_after.FromTimedelta(timedelta(seconds=1))
    expected.pending_events.extend(map(events.event, rung))
    assert answer == expected
