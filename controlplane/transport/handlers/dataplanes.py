"""DataplaneService: enrolment, listing, revocation; its join tokens are next door."""

from __future__ import annotations

from agentrouter.management.v1 import dataplanes_pb2 as pb
from contract.agent_tokens import CONTROL_PLANE_AUDIENCE
from contract.egress import EgressPolicy
from controlplane.services.dataplanes import DataplaneService, EnrollDataplane, SeenDataplane
from controlplane.transport.calls import Call
from controlplane.transport.messages import management
from controlplane.transport.operations import Handler, handlers_of
from controlplane.transport.paging import cut, next_token, page_after, page_size

SERVICE = "agentrouter.management.v1.DataplaneService"


class DataplaneHandlers:
    """One method an RPC."""

    def __init__(self, service: DataplaneService, egress: EgressPolicy) -> None:
        self._service = service
        self._egress = egress

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("EnrollDataplane", self.enroll),
            ("ListDataplanes", self.list),
            ("GetDataplane", self.get),
            ("RevokeDataplane", self.revoke),
        ]
        return handlers_of(SERVICE, methods)

    async def enroll(self, request: pb.EnrollDataplaneRequest, call: Call) -> pb.EnrollDataplaneResponse:
        command = EnrollDataplane(
            join_token=request.join_token,
            signing_key=request.signing_public_key,
            sealing_key=request.sealing_public_key,
            name=request.name,
            agent_version=request.agent_version,
        )
        made = await self._service.enroll(call.caller, command)
        return pb.EnrollDataplaneResponse(
            dataplane=management.dataplane(made),
            token_audience=CONTROL_PLANE_AUDIENCE,
            allow_loopback_upstreams=self._egress.allow_loopback,
            allow_private_upstreams=self._egress.allow_private,
        )

    async def list(self, request: pb.ListDataplanesRequest, call: Call) -> pb.ListDataplanesResponse:
        size = page_size(request.page_size)
        (after,) = page_after(request, 1)
        found = await self._service.list_dataplanes(call.caller, request.workspace_id, after, size + 1)
        page, more = cut(found, size)
        return pb.ListDataplanesResponse(
            dataplanes=[management.seen_dataplane(item) for item in page],
            next_page_token=next_token(request, page[-1].dataplane.id) if more else "",
        )

    async def get(self, request: pb.GetDataplaneRequest, call: Call) -> pb.GetDataplaneResponse:
        found = await self._service.get(call.caller, request.dataplane_id)
        return pb.GetDataplaneResponse(dataplane=management.seen_dataplane(found))

    async def revoke(self, request: pb.RevokeDataplaneRequest, call: Call) -> pb.RevokeDataplaneResponse:
        request_key = call.once(_revoked)
        return _revoked(await self._service.revoke(call.caller, request.dataplane_id, request.reason, request_key))


def _revoked(seen: SeenDataplane) -> pb.RevokeDataplaneResponse:
    return pb.RevokeDataplaneResponse(dataplane=management.seen_dataplane(seen))
