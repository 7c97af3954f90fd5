"""DataplaneService, as far as join tokens go: made, listed, revoked."""

from __future__ import annotations

from agentrouter.management.v1 import dataplanes_pb2 as pb
from controlplane.domain.dataplanes import JoinToken
from controlplane.services.join_tokens import CreatedJoinToken, CreateJoinToken, JoinTokenService
from controlplane.transport.calls import Call
from controlplane.transport.handlers.dataplanes import SERVICE
from controlplane.transport.messages.times import read_duration, timestamp
from controlplane.transport.operations import Handler, handlers_of
from controlplane.transport.paging import cut, next_token, page_after, page_size


class JoinTokenHandlers:
    """One method an RPC."""

    def __init__(self, service: JoinTokenService) -> None:
        self._service = service

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("CreateJoinToken", self.create),
            ("ListJoinTokens", self.list),
            ("RevokeJoinToken", self.revoke),
        ]
        return handlers_of(SERVICE, methods)

    async def create(self, request: pb.CreateJoinTokenRequest, call: Call) -> pb.CreateJoinTokenResponse:
        command = CreateJoinToken(
            workspace_id=request.workspace_id,
            group=request.group,
            max_uses=request.max_uses,
            lifetime=read_duration(request, "lifetime"),
        )
        return _created(await self._service.create(call.caller, command, call.once(_created)))

    async def list(self, request: pb.ListJoinTokensRequest, call: Call) -> pb.ListJoinTokensResponse:
        size = page_size(request.page_size)
        (after,) = page_after(request, 1)
        found = await self._service.list_tokens(
            call.caller, request.workspace_id, after, size + 1, ended=request.include_ended
        )
        page, more = cut(found, size)
        return pb.ListJoinTokensResponse(
            join_tokens=[_join_token(item) for item in page],
            next_page_token=next_token(request, page[-1].id) if more else "",
        )

    async def revoke(self, request: pb.RevokeJoinTokenRequest, call: Call) -> pb.RevokeJoinTokenResponse:
        request_key = call.once(_revoked)
        return _revoked(await self._service.revoke(call.caller, request.join_token_id, request.reason, request_key))


def _created(made: CreatedJoinToken) -> pb.CreateJoinTokenResponse:
    return pb.CreateJoinTokenResponse(
        id=made.id, join_token=made.secret.plaintext, expires_at=timestamp(made.expires_at)
    )


def _revoked(token: JoinToken) -> pb.RevokeJoinTokenResponse:
    return pb.RevokeJoinTokenResponse(join_token=_join_token(token))


def _join_token(value: JoinToken) -> pb.JoinToken:
    """Its record; not even the hash of the token leaves the store."""
    return pb.JoinToken(
        id=value.id,
        workspace_id=value.workspace_id,
        group=value.group,
        created_by=value.created_by,
        max_uses=value.max_uses,
        uses=value.uses,
        created_at=timestamp(value.created_at),
        expires_at=timestamp(value.expires_at),
        revoked_at=timestamp(value.revoked_at),
    )
