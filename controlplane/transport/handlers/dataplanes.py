"""DataplaneService: join tokens, enrolment, listing, revocation."""

from __future__ import annotations

from agentrouter.management.v1 import dataplanes_pb2 as pb
from contract.agent_tokens import CONTROL_PLANE_AUDIENCE
from contract.egress import EgressPolicy
from controlplane.services.dataplanes import CreateJoinToken, DataplaneService, EnrollDataplane
from controlplane.transport.calls import Call
from controlplane.transport.messages import management
from controlplane.transport.messages.times import read_duration, timestamp
from controlplane.transport.operations import Handler, handlers_of
from controlplane.transport.paging import cut, next_token, page_after, page_size


class DataplaneHandlers:
    """One method an RPC."""

    def __init__(self, service: DataplaneService, egress: EgressPolicy) -> None:
        self._service = service
        self._egress = egress

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("CreateJoinToken", self.create_join_token),
            ("EnrollDataplane", self.enroll),
            ("ListDataplanes", self.list),
            ("GetDataplane", self.get),
            ("RevokeDataplane", self.revoke),
        ]
        return handlers_of("agentrouter.management.v1.DataplaneService", methods)

    async def create_join_token(self, request: pb.CreateJoinTokenRequest, call: Call) -> pb.CreateJoinTokenResponse:
        command = CreateJoinToken(
            workspace_id=request.workspace_id,
            group=request.group,
            max_uses=request.max_uses,
            lifetime=read_duration(request, "lifetime"),
        )
        created = await self._service.create_join_token(call.caller, command, call.request_key)
        return pb.CreateJoinTokenResponse(
            id=created.id,
            join_token=created.secret.plaintext if created.secret else "",
            expires_at=timestamp(created.expires_at),
            already_shown=created.secret is None,
        )

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
        (after,) = page_after(request.page_token, 1)
        found = await self._service.list_dataplanes(call.caller, request.workspace_id, after, size + 1)
        page, more = cut(found, size)
        return pb.ListDataplanesResponse(
            dataplanes=[management.seen_dataplane(item) for item in page],
            next_page_token=next_token(page[-1].dataplane.id) if more else "",
        )

    async def get(self, request: pb.GetDataplaneRequest, call: Call) -> pb.GetDataplaneResponse:
        found = await self._service.get(call.caller, request.dataplane_id)
        return pb.GetDataplaneResponse(dataplane=management.seen_dataplane(found))

    async def revoke(self, request: pb.RevokeDataplaneRequest, call: Call) -> pb.RevokeDataplaneResponse:
        revoked = await self._service.revoke(call.caller, request.dataplane_id, request.reason, call.request_key)
        return pb.RevokeDataplaneResponse(dataplane=management.seen_dataplane(revoked))
