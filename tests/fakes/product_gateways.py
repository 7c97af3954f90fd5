"""The stand-in's gateways: the catalogue, the URL, revoked and signing keys."""

from __future__ import annotations

from typing import Any

from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.management.v1 import operations_pb2 as operations

JWKS = '{"keys": [{"kid": "gk_2"}]}'


class GatewayCalls:
    """The part of ConfiguratorService about gateways."""

    _product: Any

    async def upsert_mcp_catalog_server(self, request: Any, ctx: Any, /) -> gateways.UpsertMCPCatalogServerResponse:
        self._product.take(request, ctx)
        return gateways.UpsertMCPCatalogServerResponse(revision=7)

    async def revoke_user_token(self, request: Any, ctx: Any, /) -> gateways.RevokeUserTokenResponse:
        self._product.take(request, ctx)
        return gateways.RevokeUserTokenResponse(revision=7)

    async def set_dataplane_url(self, request: Any, ctx: Any, /) -> gateways.SetDataplaneURLResponse:
        self._product.take(request, ctx)
        return gateways.SetDataplaneURLResponse(emitted=True)


class SigningKeyCalls:
    """The part of OperationsService about signing keys."""

    _product: Any

    async def rotate_gatekeeper_key(self, request: Any, ctx: Any, /) -> operations.RotateGatekeeperKeyResponse:
        self._product.take(request, ctx)
        if request.validate_only:
            return operations.RotateGatekeeperKeyResponse(revision=7)
        return operations.RotateGatekeeperKeyResponse(kid="gk_2", jwks=JWKS, revision=7)

    async def retire_gatekeeper_key(self, request: Any, ctx: Any, /) -> operations.RetireGatekeeperKeyResponse:
        self._product.take(request, ctx)
        return operations.RetireGatekeeperKeyResponse(jwks=JWKS, revision=7)
