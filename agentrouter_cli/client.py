"""The API as commands call it: one object with every service, the key on each call, errors already translated.

A service is loaded when it is first called: most commands call one of the ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from agentrouter_cli.product import Product
from agentrouter_cli.rpc_errors import translated

if TYPE_CHECKING:
    from agentrouter.configurator.v1.configurator_service_connect import ConfiguratorServiceClientSync
    from agentrouter.management.v1.audit_connect import AuditServiceClientSync
    from agentrouter.management.v1.backends_connect import BackendServiceClientSync
    from agentrouter.management.v1.consumer_keys_connect import ConsumerKeyServiceClientSync
    from agentrouter.management.v1.dataplanes_connect import DataplaneServiceClientSync
    from agentrouter.management.v1.documents_connect import DocumentServiceClientSync
    from agentrouter.management.v1.management_keys_connect import ManagementKeyServiceClientSync
    from agentrouter.management.v1.operations_connect import OperationsServiceClientSync
    from agentrouter.management.v1.tenants_connect import TenantServiceClientSync
    from agentrouter.management.v1.workspaces_connect import WorkspaceServiceClientSync

TIMEOUT_MS: Final = 30_000
STREAM_TIMEOUT_MS: Final = 24 * 3600 * 1000
PAGE_SIZE: Final = 500
MOST_PAGES: Final = 10_000

Request_contra = TypeVar("Request_contra", contravariant=True)
Answer_co = TypeVar("Answer_co", covariant=True)
Request = TypeVar("Request")
Answer = TypeVar("Answer")


class _Call(Protocol[Request_contra, Answer_co]):
    def __call__(self, request: Request_contra, /, *, headers: dict[str, str], timeout_ms: int) -> Answer_co: ...


class Client:
    """Speaks to one product. Every method may raise Unreachable, Unauthorised or Refused."""

    def __init__(self, product: Product, timeout_ms: int = TIMEOUT_MS) -> None:
        self.product = product
        self._timeout_ms = timeout_ms
        self._options: dict[str, Any] = {"send_compression": None, "accept_compression": []}
        if product.ca:
            from pyqwest import SyncClient, SyncHTTPTransport

            self._options["http_client"] = SyncClient(SyncHTTPTransport(tls_ca_cert=product.ca))
        self._headers = {"authorization": f"Bearer {product.key}"}

    @property
    def workspace_id(self) -> str:
        """The workspace that commands mean; empty for the only one the key sees."""
        return self.product.workspace_id

    @cached_property
    def configurator(self) -> ConfiguratorServiceClientSync:
        """Configurations and events."""
        from agentrouter.configurator.v1.configurator_service_connect import ConfiguratorServiceClientSync

        return ConfiguratorServiceClientSync(self.product.url, **self._options)

    @cached_property
    def documents(self) -> DocumentServiceClientSync:
        """Source documents."""
        from agentrouter.management.v1.documents_connect import DocumentServiceClientSync

        return DocumentServiceClientSync(self.product.url, **self._options)

    @cached_property
    def dataplanes(self) -> DataplaneServiceClientSync:
        """Data planes and join tokens."""
        from agentrouter.management.v1.dataplanes_connect import DataplaneServiceClientSync

        return DataplaneServiceClientSync(self.product.url, **self._options)

    @cached_property
    def management_keys(self) -> ManagementKeyServiceClientSync:
        """Management keys."""
        from agentrouter.management.v1.management_keys_connect import ManagementKeyServiceClientSync

        return ManagementKeyServiceClientSync(self.product.url, **self._options)

    @cached_property
    def backends(self) -> BackendServiceClientSync:
        """What may be shown of consumers' own backends."""
        from agentrouter.management.v1.backends_connect import BackendServiceClientSync

        return BackendServiceClientSync(self.product.url, **self._options)

    @cached_property
    def consumer_keys(self) -> ConsumerKeyServiceClientSync:
        """Consumer keys."""
        from agentrouter.management.v1.consumer_keys_connect import ConsumerKeyServiceClientSync

        return ConsumerKeyServiceClientSync(self.product.url, **self._options)

    @cached_property
    def audit(self) -> AuditServiceClientSync:
        """The audit."""
        from agentrouter.management.v1.audit_connect import AuditServiceClientSync

        return AuditServiceClientSync(self.product.url, **self._options)

    @cached_property
    def tenants(self) -> TenantServiceClientSync:
        """Tenants."""
        from agentrouter.management.v1.tenants_connect import TenantServiceClientSync

        return TenantServiceClientSync(self.product.url, **self._options)

    @cached_property
    def workspaces(self) -> WorkspaceServiceClientSync:
        """Workspaces."""
        from agentrouter.management.v1.workspaces_connect import WorkspaceServiceClientSync

        return WorkspaceServiceClientSync(self.product.url, **self._options)

    @cached_property
    def operations(self) -> OperationsServiceClientSync:
        """What operators do now and then."""
        from agentrouter.management.v1.operations_connect import OperationsServiceClientSync

        return OperationsServiceClientSync(self.product.url, **self._options)

    def call(self, method: _Call[Request, Answer], request: Request) -> Answer:
        """One call with the key."""
        with translated(self.product.url):
            return method(request, headers=self._headers, timeout_ms=self._timeout_ms)

    def stream(self, method: Callable[..., Iterator[Answer]], request: Any) -> Iterator[Answer]:
        """Every message of a streaming method, as it comes."""
        with translated(self.product.url):
            yield from method(request, headers=self._headers, timeout_ms=STREAM_TIMEOUT_MS)

    def pages(self, method: Callable[..., Any], request: Any) -> Iterator[Any]:
        """Every page of a List method, in order."""
        for _ in range(MOST_PAGES):
            page = self.call(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def whole(self, method: Callable[..., Any], request: Any) -> Any:
        """All pages of a List method merged into one answer without a page token."""
        request.page_size = PAGE_SIZE
        merged = None
        for page in self.pages(method, request):
            if merged is None:
                merged = page
            else:
                merged.MergeFrom(page)
        if merged is not None:
            merged.next_page_token = ""
        return merged
