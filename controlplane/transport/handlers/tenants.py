"""TenantService: makes and lists tenants."""

from __future__ import annotations

from agentrouter.management.v1 import tenants_pb2 as pb
from controlplane.domain.workspaces import Tenant
from controlplane.services.tenants import CreatedTenant, TenantService
from controlplane.transport.calls import Call
from controlplane.transport.messages.times import timestamp
from controlplane.transport.operations import Handler, handlers_of
from controlplane.transport.paging import cut, next_token, page_after, page_size


class TenantHandlers:
    """One method an RPC."""

    def __init__(self, service: TenantService) -> None:
        self._service = service

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [("CreateTenant", self.create), ("ListTenants", self.list)]
        return handlers_of("agentrouter.management.v1.TenantService", methods)

    async def create(self, request: pb.CreateTenantRequest, call: Call) -> pb.CreateTenantResponse:
        return _created(await self._service.create(call.caller, request.name, call.once(_created)))

    async def list(self, request: pb.ListTenantsRequest, call: Call) -> pb.ListTenantsResponse:
        size = page_size(request.page_size)
        (after,) = page_after(request, 1)
        page, more = cut(await self._service.list_tenants(call.caller, after, size + 1), size)
        return pb.ListTenantsResponse(
            tenants=[tenant(item) for item in page], next_page_token=next_token(request, page[-1].id) if more else ""
        )


def _created(made: CreatedTenant) -> pb.CreateTenantResponse:
    return pb.CreateTenantResponse(
        tenant=tenant(made.tenant), workspace_id=made.workspace_id, management_key=made.secret.plaintext
    )


def tenant(value: Tenant) -> pb.Tenant:
    """A tenant."""
    return pb.Tenant(id=value.id, name=value.name, created_at=timestamp(value.created_at))
