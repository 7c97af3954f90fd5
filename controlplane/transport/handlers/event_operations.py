"""What operators do to single events, of ConfiguratorService and OperationsService."""

from __future__ import annotations

from agentrouter.configurator.v1 import events_pb2
from agentrouter.management.v1 import operations_pb2
from controlplane.domain.events import Event
from controlplane.services.event_operations import EventOperations, UpdateEventMetadata
from controlplane.transport.calls import Call
from controlplane.transport.handlers.configurator import SERVICE
from controlplane.transport.messages import events
from controlplane.transport.messages.json_bytes import read_struct
from controlplane.transport.operations import Handler, handlers_of


class EventOperationHandlers:
    """One method an RPC."""

    def __init__(self, service: EventOperations) -> None:
        self._service = service

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        return {
            **handlers_of(SERVICE, [("UpdateEventMetadata", self.update_metadata)]),
            **handlers_of("agentrouter.management.v1.OperationsService", [("ReplayEvent", self.replay)]),
        }

    async def update_metadata(
        self, request: events_pb2.UpdateEventMetadataRequest, call: Call
    ) -> events_pb2.UpdateEventMetadataResponse:
        command = UpdateEventMetadata(request.event_id, read_struct(request, "metadata"), request.etag)
        return _updated(await self._service.update_metadata(call.caller, command, call.once(_updated)))

    async def replay(
        self, request: operations_pb2.ReplayEventRequest, call: Call
    ) -> operations_pb2.ReplayEventResponse:
        return _replayed(await self._service.replay(call.caller, request.event_id, call.once(_replayed)))


def _updated(event: Event) -> events_pb2.UpdateEventMetadataResponse:
    return events_pb2.UpdateEventMetadataResponse(event=events.event(event))


def _replayed(event: Event) -> operations_pb2.ReplayEventResponse:
    return operations_pb2.ReplayEventResponse(event=events.event(event))
