"""Tenants: made by platform keys alone, apart from each other, listed to whom they belong."""

from __future__ import annotations

from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import tenants_pb2 as tenants
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from tests.contract.wires.people import Tenant
from tests.contract.wires.refusals import refusal
from tests.contract.wires.samples import ADMIN, VIEWER


def named(tenant: Tenant, name: str = "new") -> tenants.CreateTenantRequest:
    """A request with a name that no other test takes."""
    return tenants.CreateTenantRequest(name=f"{name}-{tenant.id[-20:]}")


async def test_a_new_tenant_has_a_workspace_and_an_admin_key_that_sees_nothing_else(tenant: Tenant) -> None:
    made = await tenant.call(named(tenant))

    seen = (await tenant.api(workspaces.ListWorkspacesRequest(), made.management_key)).workspaces
    listed = (await tenant.api(tenants.ListTenantsRequest(), made.management_key)).tenants
    (first,) = (await tenant.api(audit.ListAuditRecordsRequest(), made.management_key)).records

    assert [workspace.id for workspace in seen] == [made.workspace_id]
    assert [each.id for each in listed] == [made.tenant.id]
    assert (first.action, first.subject, first.sequence) == ("tenant.create", made.tenant.id, 1)
    with refusal("NOT_FOUND"):
        await tenant.api(workspaces.GetWorkspaceRequest(workspace_id=tenant.id), made.management_key)
    with refusal("NOT_FOUND"):
        await tenant.call(workspaces.GetWorkspaceRequest(workspace_id=made.workspace_id))


async def test_only_a_platform_key_makes_tenants_and_lists_all_of_them(tenant: Tenant, stranger: Tenant) -> None:
    admin, viewer = await tenant.key(ADMIN), await tenant.key(VIEWER)
    request = tenants.ListTenantsRequest(page_size=1000)

    everybody = {each.id for each in (await tenant.call(request)).tenants}

    assert {tenant.tenant_id, stranger.tenant_id} <= everybody
    for key in (admin, viewer):
        assert [each.id for each in (await tenant.api(request, key)).tenants] == [tenant.tenant_id]
    with refusal("PERMISSION_DENIED", "PLATFORM_KEY_NEEDED"):
        await tenant.api(named(tenant), admin)


async def test_a_name_is_taken_once_and_a_repetition_is_answered_without_the_key(tenant: Tenant) -> None:
    request = named(tenant)
    request.request_id = "once"

    first, again = await tenant.call(request), await tenant.call(request)

    assert first.management_key.startswith("ak-")
    assert (again.tenant, again.workspace_id) == (first.tenant, first.workspace_id)
    assert (again.management_key, again.already_shown) == ("", True)
    with refusal("ALREADY_EXISTS"):
        await tenant.call(named(tenant))


async def test_tenants_are_listed_page_by_page(tenant: Tenant) -> None:
    request, found = tenants.ListTenantsRequest(page_size=1), []
    while True:
        page = await tenant.call(request)
        found += [each.id for each in page.tenants]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token

    assert found == sorted(set(found))
    assert tenant.tenant_id in found
