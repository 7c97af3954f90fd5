"""One well-formed request for every RPC of this release, and who may send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agentrouter.configurator.v1 import backends_pb2 as backends
from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import gateways_pb2 as gateways
from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.configurator.v1 import upgrades_pb2 as upgrades
from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import backends_pb2 as backend_lists
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import operations_pb2 as operations
from agentrouter.management.v1 import tenants_pb2 as tenants
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from tests.contract.wires.documents import consumer

UNKNOWN = "xx_00000000000000000000000000"
VIEWER, OPERATOR, ADMIN = management_keys.ROLE_VIEWER, management_keys.ROLE_OPERATOR, management_keys.ROLE_ADMIN
NO_SUCH_KEY = ("NOT_FOUND", "NOT_FOUND")
NOT_DEAD = ("FAILED_PRECONDITION", "EVENT_NOT_DEAD")
BOOT = events.Boot(counter=1, nonce="nonce-of-boot-1")


@dataclass(frozen=True, slots=True)
class Sample:
    """`role`: the least a management key needs, None where none will do. `dataplane`: whether a data plane may.

    `platform`: whether only a platform key may. `ends`: the code and reason of who may, when it is not OK.
    """

    request: Any
    role: management_keys.Role | None
    dataplane: bool = False
    platform: bool = False
    ends: tuple[str, str] = ("OK", "")

    @property
    def name(self) -> str:
        """The RPC's."""
        return type(self.request).__name__.removesuffix("Request")


def samples(
    workspace_id: str,
    dataplane_id: str = UNKNOWN,
    event_id: str = UNKNOWN,
    key_id: str = UNKNOWN,
    upgrade_id: str = UNKNOWN,
    join_token_id: str = UNKNOWN,
) -> tuple[Sample, ...]:
    """Those that need a credential."""
    here: dict[str, Any] = {"workspace_id": workspace_id}
    completion = events.CompleteEventRequest(
        event_id=event_id, outcome=events.EVENT_OUTCOME_APPLIED, version=1, fencing_token=1
    )
    return (
        Sample(configurations.TriggerUpdateRequest(**here, user_id="alice"), OPERATOR),
        Sample(configurations.GetConfigurationRequest(**here), VIEWER, dataplane=True),
        Sample(configurations.ListConfigurationsRequest(**here), VIEWER, dataplane=True),
        Sample(configurations.ListActiveUsersRequest(**here), VIEWER, dataplane=True),
        Sample(events.ListPendingEventsRequest(**here), VIEWER, dataplane=True),
        Sample(events.AcknowledgeEventRequest(event_id=event_id, boot=BOOT), None, dataplane=True),
        Sample(completion, None, dataplane=True),
        Sample(slots.ReconcileWorkspaceRequest(**here), OPERATOR),
        Sample(slots.FullSyncWorkspaceRequest(**here), OPERATOR),
        Sample(events.UpdateEventMetadataRequest(event_id=event_id), OPERATOR, dataplane=True),
        Sample(operations.ReplayEventRequest(event_id=event_id), OPERATOR, ends=NOT_DEAD),
        *_of_management(workspace_id, dataplane_id, key_id, join_token_id),
        *_of_gateways(workspace_id, dataplane_id, upgrade_id),
    )


def _of_management(workspace_id: str, dataplane_id: str, key_id: str, join_token_id: str) -> tuple[Sample, ...]:
    here: dict[str, Any] = {"workspace_id": workspace_id}
    return (
        Sample(workspaces.CreateWorkspaceRequest(name=f"w-{workspace_id[-12:]}"), ADMIN),
        Sample(workspaces.GetWorkspaceRequest(**here), VIEWER, dataplane=True),
        Sample(workspaces.ListWorkspacesRequest(), VIEWER),
        Sample(management_keys.CreateManagementKeyRequest(name="k", role=VIEWER, workspace_ids=[workspace_id]), ADMIN),
        Sample(management_keys.ListManagementKeysRequest(), ADMIN),
        Sample(management_keys.RevokeManagementKeyRequest(key_id=key_id), ADMIN),
        Sample(dataplanes.CreateJoinTokenRequest(**here), ADMIN),
        Sample(dataplanes.ListJoinTokensRequest(**here), ADMIN),
        Sample(dataplanes.RevokeJoinTokenRequest(join_token_id=join_token_id), ADMIN),
        Sample(dataplanes.ListDataplanesRequest(**here), VIEWER, dataplane=True),
        Sample(dataplanes.GetDataplaneRequest(dataplane_id=dataplane_id), VIEWER, dataplane=True),
        Sample(dataplanes.RevokeDataplaneRequest(dataplane_id=dataplane_id), ADMIN),
        Sample(consumer_keys.IssueConsumerKeyRequest(**here, consumer_id="alice"), OPERATOR),
        Sample(consumer_keys.ListConsumerKeysRequest(**here), VIEWER),
        Sample(consumer_keys.RevokeConsumerKeyRequest(**here, jti="ck_unknown"), OPERATOR, ends=NO_SUCH_KEY),
        Sample(documents.PutDocumentRequest(**here, user_id="alice", content=consumer("alice")), OPERATOR),
        Sample(documents.GetDocumentRequest(**here, user_id="alice"), VIEWER),
        Sample(documents.ValidateDocumentRequest(**here, user_id="alice", content=consumer("alice")), VIEWER),
        Sample(documents.DiffDocumentRequest(**here, user_id="alice", content=consumer("alice")), VIEWER),
        Sample(documents.ListDocumentVersionsRequest(**here, user_id="alice"), VIEWER),
        Sample(documents.RollbackDocumentRequest(**here, user_id="alice"), OPERATOR),
        Sample(documents.DeleteDocumentRequest(**here, user_id="alice"), OPERATOR),
        Sample(audit.ListAuditRecordsRequest(**here), ADMIN),
        Sample(audit.VerifyAuditRequest(), ADMIN),
        Sample(tenants.CreateTenantRequest(name=f"t-{workspace_id[-12:]}"), ADMIN, platform=True),
        Sample(tenants.ListTenantsRequest(), VIEWER),
    )


def _of_gateways(workspace_id: str, dataplane_id: str, upgrade_id: str) -> tuple[Sample, ...]:
    here: dict[str, Any] = {"workspace_id": workspace_id}
    return (
        Sample(gateways.UpsertMCPCatalogServerRequest(**here, id="git", name="g", url="https://mcp.example"), OPERATOR),
        Sample(gateways.RevokeUserTokenRequest(**here, jti="ck_unknown"), OPERATOR),
        Sample(
            gateways.SetDataplaneURLRequest(**here, dataplane_id=dataplane_id, url="https://gateway.example"), OPERATOR
        ),
        Sample(gateways.ValidateDataplaneRequest(), None, dataplane=True),
        Sample(configurations.ListActiveProvidersRequest(**here), VIEWER, dataplane=True),
        Sample(
            backends.SaveBYOKBackendsRequest(
                **here,
                user_id="alice",
                mode=backends.BACKEND_MODE_EXCLUSIVE,
                backends=[
                    backends.Backend(
                        name="mine",
                        base_url="https://own.example/v1",
                        models=["gpt-4o"],
                        credential=backends.BackendCredential(api_key="sk-own-0123456789abcdef"),
                    )
                ],
            ),
            OPERATOR,
        ),
        Sample(backends.DeleteBYOKBackendsRequest(**here, user_id="alice"), OPERATOR),
        Sample(backend_lists.ListBackendsRequest(**here, user_id="alice"), VIEWER),
        Sample(
            upgrades.SubmitDataplaneUpgradeCredentialsRequest(
                **here, dataplane_id=dataplane_id, registry="registry.example", secret="s3cret", target_version="1.2.0"
            ),
            OPERATOR,
        ),
        Sample(upgrades.GetDataplaneUpgradeCredentialsRequest(upgrade_event_id=upgrade_id), None, dataplane=True),
        Sample(upgrades.AckDataplaneUpgradeCredentialsRequest(upgrade_event_id=upgrade_id), None, dataplane=True),
        Sample(upgrades.CancelDataplaneUpgradeRequest(**here, dataplane_id=dataplane_id), OPERATOR),
        Sample(upgrades.RollbackDataplaneUpgradeRequest(**here, dataplane_id=dataplane_id), OPERATOR),
        Sample(operations.RotateMasterKeyRequest(), ADMIN, platform=True),
        Sample(operations.RotateGatekeeperKeyRequest(**here), ADMIN),
        Sample(operations.RetireGatekeeperKeyRequest(**here, kid="unknown"), ADMIN),
    )
