"""ConfiguratorService, as far as this release has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agentrouter.configurator.v1 import configurations_pb2 as pb
from agentrouter.configurator.v1 import events_pb2
from controlplane.domain.callers import DataplaneCaller
from controlplane.services.configurations import ConfigurationService
from controlplane.services.events import EventService, ListEvents
from controlplane.services.polls import PollService
from controlplane.services.ports import ConfigurationFilter
from controlplane.transport.calls import Answer, Call
from controlplane.transport.messages import configurations, events
from controlplane.transport.messages.times import read_timestamp
from controlplane.transport.operations import Handler, handlers_of
from controlplane.transport.paging import bad_token, cut, next_token, page_after, page_size

SERVICE = "agentrouter.configurator.v1.ConfiguratorService"
EARLIEST = datetime.min.replace(tzinfo=UTC)


class ConfiguratorHandlers:
    """One method an RPC."""

    def __init__(self, configurations_: ConfigurationService, polls: PollService, events_: EventService) -> None:
        self._configurations = configurations_
        self._polls = polls
        self._events = events_

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        return handlers_of(
            SERVICE,
            [
                ("TriggerUpdate", self.trigger_update),
                ("GetConfiguration", self.get_configuration),
                ("ListConfigurations", self.list_configurations),
                ("ListActiveUsers", self.list_active_users),
                ("ListPendingEvents", self.list_pending_events),
                ("AcknowledgeEvent", self.acknowledge_event),
                ("CompleteEvent", self.complete_event),
            ],
        )

    async def trigger_update(self, request: pb.TriggerUpdateRequest, call: Call) -> pb.TriggerUpdateResponse:
        command = configurations.read_trigger(request)
        told = configurations.triggered
        return told(await self._configurations.trigger_update(call.caller, command, call.once(told)))

    async def get_configuration(self, request: pb.GetConfigurationRequest, call: Call) -> Answer:
        poll = configurations.read_poll(request)
        del request  # it is large, and the poll may hang
        news = await self._polls.get_configuration(call.caller, poll)
        if news.unchanged and not news.next_poll_after:
            return configurations.unchanged(news.revision, news.epoch, news.event_cursor)
        return configurations.news(news, sealed=isinstance(call.caller, DataplaneCaller))

    async def list_configurations(
        self, request: pb.ListConfigurationsRequest, call: Call
    ) -> pb.ListConfigurationsResponse:
        size = page_size(request.page_size)
        user_id, version = page_after(request, 2)
        if request.page_token and not version.isdecimal():
            raise bad_token()
        narrow = ConfigurationFilter(
            workspace_id=request.workspace_id,
            user_id=request.user_id if request.HasField("user_id") else None,
            state=configurations.STATES_READ.get(request.state),
            created_after=_just_before(read_timestamp(request, "created_after")),
            created_before=read_timestamp(request, "created_before"),
            digest=request.digest,
            history=request.history,
        )
        full = request.view == pb.CONFIGURATION_VIEW_FULL
        after = (user_id, int(version)) if request.page_token else None
        found = await self._configurations.list_configurations(call.caller, narrow, after, size + 1, documents=full)
        page, more = cut(found, size)
        last = page[-1].configuration if more else None
        return pb.ListConfigurationsResponse(
            configurations=[configurations.listed(item, document=full) for item in page],
            next_page_token=next_token(request, last.user_id, str(last.version)) if last else "",
        )

    async def list_active_users(self, request: pb.ListActiveUsersRequest, call: Call) -> pb.ListActiveUsersResponse:
        size = page_size(request.page_size)
        (after,) = page_after(request, 1)
        found = await self._configurations.list_active_users(call.caller, request.workspace_id, after, size + 1)
        page, more = cut(found, size)
        return pb.ListActiveUsersResponse(user_ids=page, next_page_token=next_token(request, page[-1]) if more else "")

    async def list_pending_events(
        self, request: events_pb2.ListPendingEventsRequest, call: Call
    ) -> events_pb2.ListPendingEventsResponse:
        size = page_size(request.page_size)
        (after,) = page_after(request, 1)
        query = ListEvents(
            workspace_id=request.workspace_id,
            dataplane_id=request.dataplane_id,
            slot=request.slot,
            after=after,
            limit=size + 1,
            finished=request.include_finished,
        )
        page, more = cut(await self._events.list_events(call.caller, query), size)
        return events_pb2.ListPendingEventsResponse(
            events=[events.event(item) for item in page],
            next_page_token=next_token(request, page[-1].id) if more else "",
        )

    async def acknowledge_event(
        self, request: events_pb2.AcknowledgeEventRequest, call: Call
    ) -> events_pb2.AcknowledgeEventResponse:
        taken = await self._events.acknowledge(call.caller, request.event_id, events.read_boot(request.boot))
        return events_pb2.AcknowledgeEventResponse(event=events.event(taken))

    async def complete_event(
        self, request: events_pb2.CompleteEventRequest, call: Call
    ) -> events_pb2.CompleteEventResponse:
        ended = await self._events.complete(call.caller, events.read_completion(request))
        return events_pb2.CompleteEventResponse(event=events.event(ended))


def _just_before(moment: datetime | None) -> datetime | None:
    """The API includes the time itself, the store's filter does not; times are stored in whole microseconds."""
    if moment is None or moment == EARLIEST:
        return None
    return moment - timedelta(microseconds=1)
