"""For every RPC that changes something or hands out a secret: a call that succeeds, and what the audit calls it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agentrouter.configurator.v1 import backends_pb2 as backends
from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.configurator.v1 import upgrades_pb2 as upgrades
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import operations_pb2 as operations
from agentrouter.management.v1 import tenants_pb2 as tenants
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from tests.contract.wires.documents import consumer, document
from tests.contract.wires.people import Agent, Tenant, enrolment

Prepared = tuple[Any, str]
Prepare = Callable[[Tenant], Awaitable[Prepared]]


@dataclass(frozen=True, slots=True)
class Act:
    """`prepare` makes whatever has to be there and answers the request and who sends it."""

    action: str
    prepare: Prepare


# History of events, kept with the events themselves, and the progress of a data plane's own work.
NOT_AUDITED = frozenset({"AcknowledgeEvent", "CompleteEvent", "AckDataplaneUpgradeCredentials"})


def by_admin(make: Callable[[Tenant], Any]) -> Prepare:
    """A request that needs nothing beforehand."""

    async def prepare(tenant: Tenant) -> Prepared:
        return make(tenant), tenant.admin

    return prepare


async def _trigger(tenant: Tenant) -> Prepared:
    await tenant.put()
    return configurations.TriggerUpdateRequest(workspace_id=tenant.id), tenant.admin


async def _revoke_key(tenant: Tenant) -> Prepared:
    request = management_keys.CreateManagementKeyRequest(name="k", role=management_keys.ROLE_VIEWER)
    return management_keys.RevokeManagementKeyRequest(key_id=(await tenant.call(request)).key.id), tenant.admin


async def _revoke_join_token(tenant: Tenant) -> Prepared:
    made = await tenant.call(dataplanes.CreateJoinTokenRequest(workspace_id=tenant.id))
    return dataplanes.RevokeJoinTokenRequest(join_token_id=made.id), tenant.admin


async def _enrol(tenant: Tenant) -> Prepared:
    return enrolment(await tenant.join_token(), Ed25519PrivateKey.generate(), X25519PrivateKey.generate()), ""


async def _revoke_dataplane(tenant: Tenant) -> Prepared:
    return dataplanes.RevokeDataplaneRequest(dataplane_id=(await tenant.enrol()).id), tenant.admin


async def _set_url(tenant: Tenant) -> Prepared:
    agent = await tenant.enrol()
    request = gateways.SetDataplaneURLRequest(
        workspace_id=tenant.id, dataplane_id=agent.id, url="https://gateway.example"
    )
    return request, tenant.admin


async def _save_backends(tenant: Tenant) -> Prepared:
    one = backends.Backend(
        name="mine",
        base_url="https://own.example/v1",
        models=["gpt-4o"],
        credential=backends.BackendCredential(api_key="sk-own-0123456789abcdef"),
    )
    request = backends.SaveBYOKBackendsRequest(
        workspace_id=tenant.id, user_id="alice", mode=backends.BACKEND_MODE_EXCLUSIVE, backends=[one]
    )
    return request, tenant.admin


async def _delete_backends(tenant: Tenant) -> Prepared:
    saved, _ = await _save_backends(tenant)
    await tenant.call(saved)
    return backends.DeleteBYOKBackendsRequest(workspace_id=tenant.id, user_id="alice"), tenant.admin


async def _submit_upgrade(tenant: Tenant) -> Prepared:
    return _upgrade_of(tenant, await tenant.settled_agent()), tenant.admin


async def _read_upgrade(tenant: Tenant) -> Prepared:
    agent = await tenant.settled_agent()
    submitted = await tenant.call(_upgrade_of(tenant, agent))
    request = upgrades.GetDataplaneUpgradeCredentialsRequest(upgrade_event_id=submitted.upgrade_event_id)
    return request, agent.token


async def _cancel_upgrade(tenant: Tenant) -> Prepared:
    agent = await tenant.settled_agent()
    await tenant.call(_upgrade_of(tenant, agent))
    return upgrades.CancelDataplaneUpgradeRequest(workspace_id=tenant.id, dataplane_id=agent.id), tenant.admin


async def _roll_back_upgrade(tenant: Tenant) -> Prepared:
    agent = await tenant.settled_agent()
    await tenant.call(_upgrade_of(tenant, agent))
    await tenant.noticed()
    await agent.settle()
    return upgrades.RollbackDataplaneUpgradeRequest(workspace_id=tenant.id, dataplane_id=agent.id), tenant.admin


async def submitted_upgrade(tenant: Tenant, agent: Agent) -> str:
    """Its event id."""
    return str((await tenant.call(_upgrade_of(tenant, agent))).upgrade_event_id)


def _upgrade_of(tenant: Tenant, agent: Agent) -> Any:
    return upgrades.SubmitDataplaneUpgradeCredentialsRequest(
        workspace_id=tenant.id,
        dataplane_id=agent.id,
        registry="registry.example",
        secret="s3cret-of-registry",
        target_version="1.2.0",
    )


async def _retire_gatekeeper_key(tenant: Tenant) -> Prepared:
    agent = await tenant.enrol()
    jwks = (await tenant.api(gateways.ValidateDataplaneRequest(), agent.token)).jwks
    await tenant.call(operations.RotateGatekeeperKeyRequest(workspace_id=tenant.id))
    kid = jwks.partition('"kid":"')[2].partition('"')[0]
    return operations.RetireGatekeeperKeyRequest(workspace_id=tenant.id, kid=kid), tenant.admin


async def _reconcile(tenant: Tenant) -> Prepared:
    """With a slot to repair: an event that nobody took for more than five minutes."""
    await tenant.enrol()
    tenant.running.clock.skip(timedelta(minutes=6))
    return slots.ReconcileWorkspaceRequest(workspace_id=tenant.id), tenant.admin


async def _update_metadata(tenant: Tenant) -> Prepared:
    agent = await tenant.enrol()
    return events.UpdateEventMetadataRequest(event_id=(await tenant.events_of(agent))[0].id), tenant.admin


async def _replay(tenant: Tenant) -> Prepared:
    agent = await tenant.enrol()
    event_id = (await tenant.events_of(agent))[0].id
    for _ in range(5):
        tenant.running.clock.skip(timedelta(minutes=1))
        await agent.fail(await agent.acknowledge(event_id), retryable=True)
    return operations.ReplayEventRequest(event_id=event_id), tenant.admin


async def _delete_document(tenant: Tenant) -> Prepared:
    await tenant.put(consumer("alice"), "alice")
    return documents.DeleteDocumentRequest(workspace_id=tenant.id, user_id="alice"), tenant.admin


async def _revoke_consumer_key(tenant: Tenant) -> Prepared:
    request = consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="alice")
    jti = (await tenant.call(request)).key.jti
    return consumer_keys.RevokeConsumerKeyRequest(workspace_id=tenant.id, jti=jti), tenant.admin


async def _roll_back_document(tenant: Tenant) -> Prepared:
    await tenant.put()
    await tenant.put(document(alias="other"))
    return documents.RollbackDocumentRequest(workspace_id=tenant.id), tenant.admin


ACTS: dict[str, Act] = {
    "UpdateEventMetadata": Act("event.update_metadata", _update_metadata),
    "ReplayEvent": Act("event.replay", _replay),
    "ReconcileWorkspace": Act("workspace.reconcile", _reconcile),
    "FullSyncWorkspace": Act(
        "workspace.full_sync", by_admin(lambda tenant: slots.FullSyncWorkspaceRequest(workspace_id=tenant.id))
    ),
    "TriggerUpdate": Act("configuration.trigger", _trigger),
    "PutDocument": Act(
        "document.put",
        by_admin(lambda tenant: documents.PutDocumentRequest(workspace_id=tenant.id, content=document())),
    ),
    "RollbackDocument": Act("document.roll_back", _roll_back_document),
    "DeleteDocument": Act("document.delete", _delete_document),
    "CreateWorkspace": Act("workspace.create", by_admin(lambda _: workspaces.CreateWorkspaceRequest(name="more"))),
    "CreateManagementKey": Act(
        "management_key.create",
        by_admin(lambda _: management_keys.CreateManagementKeyRequest(name="k", role=management_keys.ROLE_VIEWER)),
    ),
    "RevokeManagementKey": Act("management_key.revoke", _revoke_key),
    "CreateJoinToken": Act(
        "join_token.create", by_admin(lambda tenant: dataplanes.CreateJoinTokenRequest(workspace_id=tenant.id))
    ),
    "RevokeJoinToken": Act("join_token.revoke", _revoke_join_token),
    "EnrollDataplane": Act("dataplane.enroll", _enrol),
    "RevokeDataplane": Act("dataplane.revoke", _revoke_dataplane),
    "IssueConsumerKey": Act(
        "consumer_key.issue",
        by_admin(
            lambda tenant: consumer_keys.IssueConsumerKeyRequest(workspace_id=tenant.id, consumer_id="alice", name="n")
        ),
    ),
    "RevokeConsumerKey": Act("consumer_key.revoke", _revoke_consumer_key),
    "UpsertMCPCatalogServer": Act(
        "mcp_server.upsert",
        by_admin(
            lambda tenant: gateways.UpsertMCPCatalogServerRequest(
                workspace_id=tenant.id, id="git", name="Git", url="https://mcp.example"
            )
        ),
    ),
    "RevokeUserToken": Act(
        "consumer_key.revoke",
        by_admin(lambda tenant: gateways.RevokeUserTokenRequest(workspace_id=tenant.id, jti="ck_1")),
    ),
    "SaveBYOKBackends": Act("backends.save", _save_backends),
    "DeleteBYOKBackends": Act("backends.delete", _delete_backends),
    "SubmitDataplaneUpgradeCredentials": Act("upgrade.submit", _submit_upgrade),
    "GetDataplaneUpgradeCredentials": Act("upgrade.read_credentials", _read_upgrade),
    "CancelDataplaneUpgrade": Act("upgrade.cancel", _cancel_upgrade),
    "RollbackDataplaneUpgrade": Act("upgrade.roll_back", _roll_back_upgrade),
    "SetDataplaneURL": Act("dataplane_url.set", _set_url),
    "CreateTenant": Act(
        "tenant.create", by_admin(lambda tenant: tenants.CreateTenantRequest(name=f"of-{tenant.id[-20:]}"))
    ),
    "RotateMasterKey": Act("master_key.rotate", by_admin(lambda _: operations.RotateMasterKeyRequest())),
    "RotateGatekeeperKey": Act(
        "gatekeeper_key.rotate",
        by_admin(lambda tenant: operations.RotateGatekeeperKeyRequest(workspace_id=tenant.id)),
    ),
    "RetireGatekeeperKey": Act("gatekeeper_key.retire", _retire_gatekeeper_key),
}
