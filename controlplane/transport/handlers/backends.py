"""Consumers' own backends: two RPCs of ConfiguratorService, and BackendService, which shows them."""

from __future__ import annotations

from agentrouter.configurator.v1 import backends_pb2 as pb
from agentrouter.management.v1 import backends_pb2 as management_pb
from controlplane.services.backends import BackendService
from controlplane.transport.calls import Call
from controlplane.transport.messages import backends
from controlplane.transport.operations import Handler, handlers_of


class BackendHandlers:
    """One method an RPC."""

    def __init__(self, service: BackendService) -> None:
        self._service = service

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [("SaveBYOKBackends", self.save), ("DeleteBYOKBackends", self.delete)]
        return {
            **handlers_of("agentrouter.configurator.v1.ConfiguratorService", methods),
            **handlers_of("agentrouter.management.v1.BackendService", [("ListBackends", self.list)]),
        }

    async def save(self, request: pb.SaveBYOKBackendsRequest, call: Call) -> pb.SaveBYOKBackendsResponse:
        saved = await self._service.save(call.caller, backends.read_save(request), call.request_key)
        return pb.SaveBYOKBackendsResponse(backends=backends.summaries(saved), etag=saved.etag)

    async def delete(self, request: pb.DeleteBYOKBackendsRequest, call: Call) -> pb.DeleteBYOKBackendsResponse:
        left = await self._service.delete(
            call.caller, request.workspace_id, request.user_id, tuple(request.names), call.request_key
        )
        return pb.DeleteBYOKBackendsResponse(backends=backends.summaries(left))

    async def list(self, request: management_pb.ListBackendsRequest, call: Call) -> management_pb.ListBackendsResponse:
        found = await self._service.list(call.caller, request.workspace_id, request.user_id)
        return management_pb.ListBackendsResponse(
            backends=backends.summaries(found), mode=backends.mode(found.mode), etag=found.etag
        )
