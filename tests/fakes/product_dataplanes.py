"""The stand-in's data planes and join tokens."""

from __future__ import annotations

from typing import Any

from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1.dataplanes_connect import DataplaneService, DataplaneServiceASGIApplication


class _Dataplanes(DataplaneService):
    def __init__(self, product: Any) -> None:
        self._product = product

    async def list_dataplanes(self, request: Any, ctx: Any, /) -> dataplanes.ListDataplanesResponse:
        self._product.take(request, ctx)
        return dataplanes.ListDataplanesResponse(dataplanes=self._product.dataplanes)

    async def create_join_token(self, request: Any, ctx: Any, /) -> dataplanes.CreateJoinTokenResponse:
        self._product.take(request, ctx)
        return dataplanes.CreateJoinTokenResponse(id="jt_1", join_token="jt-secret")

    async def get_dataplane(self, request: Any, ctx: Any, /) -> dataplanes.GetDataplaneResponse:
        self._product.take(request, ctx)
        found = next((each for each in self._product.dataplanes if each.id == request.dataplane_id), None)
        if found is None:
            raise self._product.missing("no such data plane", "DATAPLANE_NOT_FOUND")
        return dataplanes.GetDataplaneResponse(dataplane=found)

    async def list_join_tokens(self, request: Any, ctx: Any, /) -> dataplanes.ListJoinTokensResponse:
        self._product.take(request, ctx)
        return dataplanes.ListJoinTokensResponse(join_tokens=self._product.join_tokens)

    async def revoke_join_token(self, request: Any, ctx: Any, /) -> dataplanes.RevokeJoinTokenResponse:
        self._product.take(request, ctx)
        return dataplanes.RevokeJoinTokenResponse(join_token=dataplanes.JoinToken(id=request.join_token_id, uses=3))

    async def revoke_dataplane(self, request: Any, ctx: Any, /) -> dataplanes.RevokeDataplaneResponse:
        self._product.take(request, ctx)
        return dataplanes.RevokeDataplaneResponse(dataplane=dataplanes.Dataplane(id=request.dataplane_id))


def dataplanes_application(product: Any) -> DataplaneServiceASGIApplication:
    """DataplaneService over that product, a `FakeProduct`."""
    return DataplaneServiceASGIApplication(_Dataplanes(product))
