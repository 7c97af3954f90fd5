"""The stand-in's consumers' own backends."""

from __future__ import annotations

from typing import Any

from agentrouter.configurator.v1 import backends_pb2 as backends
from agentrouter.management.v1 import backends_pb2 as shown
from agentrouter.management.v1.backends_connect import BackendService, BackendServiceASGIApplication


class BackendCalls:
    """The part of ConfiguratorService that saves and deletes them."""

    _product: Any

    async def save_byok_backends(self, request: Any, ctx: Any, /) -> backends.SaveBYOKBackendsResponse:
        self._product.take(request, ctx)
        return backends.SaveBYOKBackendsResponse(backends=self._product.backends, etag="etg_1")

    async def delete_byok_backends(self, request: Any, ctx: Any, /) -> backends.DeleteBYOKBackendsResponse:
        self._product.take(request, ctx)
        return backends.DeleteBYOKBackendsResponse(backends=self._product.backends)


class _Backends(BackendService):
    def __init__(self, product: Any) -> None:
        self._product = product

    async def list_backends(self, request: Any, ctx: Any, /) -> shown.ListBackendsResponse:
        self._product.take(request, ctx)
        mode = backends.BACKEND_MODE_PREFERRED
        return shown.ListBackendsResponse(backends=self._product.backends, mode=mode, etag="etg_1")


def backends_application(product: Any) -> BackendServiceASGIApplication:
    """BackendService over that product, a `FakeProduct`."""
    return BackendServiceASGIApplication(_Backends(product))
