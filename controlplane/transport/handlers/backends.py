"""Consumers' own backends: two RPCs of ConfiguratorService, and BackendService, which shows them."""

from __future__ import annotations

from agentrouter.configurator.v1 import backends_pb2 as pb
from agentrouter.management.v1 import backends_pb2 as management_pb
from controlplane.services.backends import BackendService, ShownSet
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
        return _saved(await self._service.save(call.caller, backends.read_save(request), call.once(_saved)))

    async def delete(self, request: pb.DeleteBYOKBackendsRequest, call: Call) -> pb.DeleteBYOKBackendsResponse:
        names = tuple(request.names)
        return _deleted(
            await self._service.delete(call.caller, request.workspace_id, request.user_id, names, call.once(_deleted))
        )

    async def list(self, request: management_pb.ListBackendsRequest, call: Call) -> management_pb.ListBackendsResponse:
        found = await self._service.list(call.caller, request.workspace_id, request.user_id)
        return management_pb.ListBackendsResponse(
            backends=backends.summaries(found), mode=backends.mode(found.mode), etag=found.etag
        )


def _saved(shown: ShownSet) -> pb.SaveBYOKBackendsResponse:
    return pb.SaveBYOKBackendsResponse(backends=backends.summaries(shown), etag=shown.etag)


def _deleted(left: ShownSet) -> pb.DeleteBYOKBackendsResponse:
    return pb.DeleteBYOKBackendsResponse(backends=backends.summaries(left))
