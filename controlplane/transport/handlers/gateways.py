"""What belongs to data planes as gateways: MCP servers, revoked keys, their URL, validation, key rotation."""

from __future__ import annotations

import json

from agentrouter.configurator.v1 import configurations_pb2
from agentrouter.configurator.v1 import gateways_pb2 as pb
from agentrouter.management.v1 import operations_pb2
from controlplane.services.gateway_values import GatewayValueService, MCPServer, SetDataplaneURL
from controlplane.services.key_rotation import KeyRotationService, KeySet
from controlplane.services.providers import ProviderService
from controlplane.services.revocations import RevocationService, Revoked, RevokeUserToken
from controlplane.transport.calls import Call
from controlplane.transport.messages.json_bytes import read_struct
from controlplane.transport.messages.times import read_timestamp
from controlplane.transport.operations import Handler, handlers_of


class GatewayHandlers:
    """The gateway's part of ConfiguratorService."""

    def __init__(self, values: GatewayValueService, revocations: RevocationService, providers: ProviderService) -> None:
        self._values = values
        self._revocations = revocations
        self._providers = providers

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("UpsertMCPCatalogServer", self.upsert_mcp_server),
            ("RevokeUserToken", self.revoke_user_token),
            ("SetDataplaneURL", self.set_dataplane_url),
            ("ValidateDataplane", self.validate_dataplane),
            ("ListActiveProviders", self.list_active_providers),
        ]
        return handlers_of("agentrouter.configurator.v1.ConfiguratorService", methods)

    async def upsert_mcp_server(
        self, request: pb.UpsertMCPCatalogServerRequest, call: Call
    ) -> pb.UpsertMCPCatalogServerResponse:
        server = MCPServer(
            id=request.id,
            name=request.name,
            url=request.url,
            description=request.description,
            icon_url=request.icon_url,
            categories=tuple(request.categories),
            note=request.note,
            authentication=json.loads(read_struct(request, "authentication") or b"{}"),
            requires_auth=request.requires_auth,
            requires_profile=request.requires_profile,
            is_enabled=request.is_enabled if request.HasField("is_enabled") else True,
        )
        return _upserted(
            await self._values.upsert_mcp_server(call.caller, request.workspace_id, server, call.once(_upserted))
        )

    async def revoke_user_token(self, request: pb.RevokeUserTokenRequest, call: Call) -> pb.RevokeUserTokenResponse:
        command = RevokeUserToken(
            workspace_id=request.workspace_id,
            jti=request.jti,
            reason=request.reason,
            expires_at=read_timestamp(request, "expires_at"),
        )
        return _revoked(await self._revocations.revoke(call.caller, command, call.once(_revoked)))

    async def set_dataplane_url(self, request: pb.SetDataplaneURLRequest, call: Call) -> pb.SetDataplaneURLResponse:
        command = SetDataplaneURL(
            workspace_id=request.workspace_id,
            url=request.url,
            dataplane_id=request.dataplane_id,
            allow_insecure=request.allow_insecure,
        )
        return _url_set(await self._values.set_dataplane_url(call.caller, command, call.once(_url_set)))

    async def validate_dataplane(
        self, _request: pb.ValidateDataplaneRequest, call: Call
    ) -> pb.ValidateDataplaneResponse:
        found = await self._values.validate_dataplane(call.caller)
        return pb.ValidateDataplaneResponse(
            dataplane_id=found.dataplane_id, workspace_id=found.workspace_id, jwks=found.jwks.decode()
        )

    async def list_active_providers(
        self, request: configurations_pb2.ListActiveProvidersRequest, call: Call
    ) -> configurations_pb2.ListActiveProvidersResponse:
        found = await self._providers.list_active(call.caller, request.workspace_id)
        return configurations_pb2.ListActiveProvidersResponse(
            providers=[
                configurations_pb2.ActiveProvider(
                    name=each.name, model_count=each.model_count, credential_resolves=each.credential_resolves
                )
                for each in found
            ]
        )


class KeyRotationHandlers:
    """The gatekeeper's part of OperationsService."""

    def __init__(self, service: KeyRotationService) -> None:
        self._service = service

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("RotateGatekeeperKey", self.rotate),
            ("RetireGatekeeperKey", self.retire),
        ]
        return handlers_of("agentrouter.management.v1.OperationsService", methods)

    async def rotate(
        self, request: operations_pb2.RotateGatekeeperKeyRequest, call: Call
    ) -> operations_pb2.RotateGatekeeperKeyResponse:
        answer = _rotated(await self._service.rotate(call.caller, request.workspace_id, call.once(_rotated)))
        if request.validate_only:  # nothing will ever be signed by that key
            answer.ClearField("kid")
            answer.ClearField("jwks")
        return answer

    async def retire(
        self, request: operations_pb2.RetireGatekeeperKeyRequest, call: Call
    ) -> operations_pb2.RetireGatekeeperKeyResponse:
        return _retired(await self._service.retire(call.caller, request.workspace_id, request.kid, call.once(_retired)))


def _upserted(revision: int) -> pb.UpsertMCPCatalogServerResponse:
    return pb.UpsertMCPCatalogServerResponse(revision=revision)


def _url_set(emitted: bool) -> pb.SetDataplaneURLResponse:
    return pb.SetDataplaneURLResponse(emitted=emitted)


def _rotated(made: KeySet) -> operations_pb2.RotateGatekeeperKeyResponse:
    return operations_pb2.RotateGatekeeperKeyResponse(kid=made.kid, jwks=made.jwks.decode(), revision=made.revision)


def _retired(left: KeySet) -> operations_pb2.RetireGatekeeperKeyResponse:
    return operations_pb2.RetireGatekeeperKeyResponse(jwks=left.jwks.decode(), revision=left.revision)


def _revoked(done: Revoked) -> pb.RevokeUserTokenResponse:
    return pb.RevokeUserTokenResponse(revision=done.revision)
