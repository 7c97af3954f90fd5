"""A stand-in for the control plane: the generated services over real HTTP, with a state that a test writes itself."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from connectrpc.code import Code
from connectrpc.errors import ConnectError, ErrorDetail
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from protobuf.wkt.google.protobuf.any_pb import Any as WireAny

from agentrouter.configurator.v1 import backends_pb2 as backends
from agentrouter.configurator.v1 import configurations_pb2 as configurations
from agentrouter.configurator.v1 import events_pb2 as events
from agentrouter.configurator.v1 import slots_pb2 as slots
from agentrouter.configurator.v1 import upgrades_pb2 as upgrades
from agentrouter.configurator.v1.configurations_pb2 import Configuration
from agentrouter.configurator.v1.configurator_service_connect import (
    ConfiguratorService,
    ConfiguratorServiceASGIApplication,
)
from agentrouter.management.v1 import audit_pb2 as audit
from agentrouter.management.v1 import consumer_keys_pb2 as consumer_keys
from agentrouter.management.v1 import dataplanes_pb2 as dataplanes
from agentrouter.management.v1 import documents_pb2 as documents
from agentrouter.management.v1 import management_keys_pb2 as management_keys
from agentrouter.management.v1 import operations_pb2 as operations
from agentrouter.management.v1 import tenants_pb2 as tenants
from agentrouter.management.v1 import workspaces_pb2 as workspaces
from agentrouter.management.v1.audit_connect import AuditService, AuditServiceASGIApplication
from agentrouter.management.v1.consumer_keys_connect import ConsumerKeyService, ConsumerKeyServiceASGIApplication
from agentrouter.management.v1.dataplanes_pb2 import JoinToken
from agentrouter.management.v1.management_keys_connect import (
    ManagementKeyService,
    ManagementKeyServiceASGIApplication,
)
from agentrouter.management.v1.operations_connect import OperationsService, OperationsServiceASGIApplication
from agentrouter.management.v1.tenants_connect import TenantService, TenantServiceASGIApplication
from agentrouter.management.v1.workspaces_connect import WorkspaceService, WorkspaceServiceASGIApplication
from tests.fakes.product_backends import BackendCalls, backends_application
from tests.fakes.product_dataplanes import dataplanes_application
from tests.fakes.product_documents import documents_application
from tests.fakes.product_gateways import GatewayCalls, SigningKeyCalls

KEY = "ak-right"


def failure(code: Code, message: str, reason: str, *details: Message) -> ConnectError:
    """An error as the control plane sends it."""
    info = error_details_pb2.ErrorInfo(reason=reason, domain="agentrouter")
    wire = [
        WireAny(type_url=f"type.googleapis.com/{each.DESCRIPTOR.full_name}", value=each.SerializeToString())
        for each in (info, *details)
    ]
    return ConnectError(code, message, details=[ErrorDetail(each) for each in wire])


@dataclass
class FakeProduct:
    """What the services answer from, and what they were asked. `fail_with` answers the next calls of a method."""

    url: str = ""
    source: dict[str, str] = field(default_factory=dict)
    configurations: list[Configuration] = field(default_factory=list)
    events: list[events.Event] = field(default_factory=list)
    dataplanes: list[dataplanes.Dataplane] = field(default_factory=list)
    join_tokens: list[JoinToken] = field(default_factory=list)
    faults: list[documents.DocumentFault] = field(default_factory=list)
    differences: list[documents.DocumentDifference] = field(default_factory=list)
    versions: list[documents.DocumentVersion] = field(default_factory=list)
    management_keys: list[management_keys.ManagementKey] = field(default_factory=list)
    keys_expire_at: int = 4_000_000_000
    audit_records: list[audit.AuditRecord] = field(default_factory=list)
    audit_problem: str = ""
    rotation_dies: bool = False
    fail_with: dict[str, ConnectError] = field(default_factory=dict)
    backends: list[backends.BackendSummary] = field(default_factory=list)
    asked: list[Message] = field(default_factory=list)
    broke_with: list[Exception] = field(default_factory=list)

    def asked_for(self, kind: type[Any]) -> list[Any]:
        """The requests of one kind."""
        return [each for each in self.asked if isinstance(each, kind)]

    def take(self, request: Message, ctx: Any) -> None:
        """Note a call; refuse a wrong key and what `fail_with` says."""
        if ctx.request_headers.get("authorization") != f"Bearer {KEY}":
            raise failure(Code.UNAUTHENTICATED, "the key is unknown", "TOKEN_UNKNOWN_KEY")
        self.asked.append(request)
        if problem := self.fail_with.get(type(request).__name__.removesuffix("Request")):
            raise problem

    def missing(self, message: str, reason: str) -> ConnectError:
        """The refusal for what there is not."""
        return failure(Code.NOT_FOUND, message, reason)

    def newest(self, user_id: str) -> Configuration:
        """The stored configuration of a user, without what data planes made of it."""
        return next((each for each in self.configurations if each.user_id == user_id), Configuration())


class _Configurator(BackendCalls, GatewayCalls, ConfiguratorService):
    def __init__(self, product: FakeProduct) -> None:
        self._product = product

    async def trigger_update(self, request: Any, ctx: Any, /) -> configurations.TriggerUpdateResponse:
        self._product.take(request, ctx)
        changed = request.force
        return configurations.TriggerUpdateResponse(
            changed=changed,
            configuration=self._product.newest(request.user_id),
            event_ids=["ev_1"] if changed else [],
            revision=9,
        )

    async def list_configurations(self, request: Any, ctx: Any, /) -> configurations.ListConfigurationsResponse:
        self._product.take(request, ctx)
        found = [
            each
            for each in self._product.configurations
            if not request.HasField("user_id") or each.user_id == request.user_id
        ]
        return configurations.ListConfigurationsResponse(configurations=found)

    async def list_active_users(self, request: Any, ctx: Any, /) -> configurations.ListActiveUsersResponse:
        """Two pages, so that paging is seen."""
        self._product.take(request, ctx)
        users = sorted(each.user_id for each in self._product.configurations if each.user_id)
        if request.page_token:
            return configurations.ListActiveUsersResponse(user_ids=users[1:])
        return configurations.ListActiveUsersResponse(user_ids=users[:1], next_page_token="two")

    async def list_pending_events(self, request: Any, ctx: Any, /) -> events.ListPendingEventsResponse:
        self._product.take(request, ctx)
        page, rest = self._product.events[: request.page_size], self._product.events[request.page_size :]
        return events.ListPendingEventsResponse(events=page, next_page_token="more" if rest else "")

    async def update_event_metadata(self, request: Any, ctx: Any, /) -> events.UpdateEventMetadataResponse:
        self._product.take(request, ctx)
        event = events.Event(id=request.event_id, slot="config/", metadata=request.metadata)
        return events.UpdateEventMetadataResponse(event=event)

    async def reconcile_workspace(self, request: Any, ctx: Any, /) -> slots.ReconcileWorkspaceResponse:
        self._product.take(request, ctx)
        finding, event_id = slots.SLOT_FINDING_STALE, "" if request.validate_only else "evt_9"
        row = slots.SlotRow(dataplane_id="dp_1", slot="config/alice", finding=finding, event_id=event_id)
        return slots.ReconcileWorkspaceResponse(rows=[row], enqueued_count=1, stale_count=1)

    async def full_sync_workspace(self, request: Any, ctx: Any, /) -> AsyncIterator[slots.FullSyncWorkspaceResponse]:
        self._product.take(request, ctx)
        problem = slots.CompileProblem(user_id="bob", message="no such secret")
        yield slots.FullSyncWorkspaceResponse(walked_count=2, total_count=5, compiled_count=2, problems=[problem])
        row = slots.SlotRow(dataplane_id="dp_1", slot="config/alice", finding=slots.SLOT_FINDING_MISSING)
        done = not self._product.rotation_dies
        yield slots.FullSyncWorkspaceResponse(
            walked_count=5, total_count=5, compiled_count=2, changed_count=1, rows=[row], done=done
        )

    async def submit_dataplane_upgrade_credentials(
        self, request: Any, ctx: Any, /
    ) -> upgrades.SubmitDataplaneUpgradeCredentialsResponse:
        self._product.take(request, ctx)
        return upgrades.SubmitDataplaneUpgradeCredentialsResponse(upgrade_event_id="evt_up")

    async def cancel_dataplane_upgrade(self, request: Any, ctx: Any, /) -> upgrades.CancelDataplaneUpgradeResponse:
        self._product.take(request, ctx)
        return upgrades.CancelDataplaneUpgradeResponse(phase=upgrades.UPGRADE_PHASE_CANCELLING)

    async def rollback_dataplane_upgrade(self, request: Any, ctx: Any, /) -> upgrades.RollbackDataplaneUpgradeResponse:
        self._product.take(request, ctx)
        return upgrades.RollbackDataplaneUpgradeResponse(rollback_event_id="evt_back")


class _ManagementKeys(ManagementKeyService):
    def __init__(self, product: FakeProduct) -> None:
        self._product = product

    async def create_management_key(self, request: Any, ctx: Any, /) -> management_keys.CreateManagementKeyResponse:
        self._product.take(request, ctx)
        key = management_keys.ManagementKey(id="mk_1", name=request.name, role=request.role)
        return management_keys.CreateManagementKeyResponse(key=key, secret="ak-new")

    async def list_management_keys(self, request: Any, ctx: Any, /) -> management_keys.ListManagementKeysResponse:
        self._product.take(request, ctx)
        return management_keys.ListManagementKeysResponse(keys=self._product.management_keys)

    async def revoke_management_key(self, request: Any, ctx: Any, /) -> management_keys.RevokeManagementKeyResponse:
        self._product.take(request, ctx)
        key = management_keys.ManagementKey(id=request.key_id, name="ci")
        return management_keys.RevokeManagementKeyResponse(key=key)


class _ConsumerKeys(ConsumerKeyService):
    def __init__(self, product: FakeProduct) -> None:
        self._product = product

    async def issue_consumer_key(self, request: Any, ctx: Any, /) -> consumer_keys.IssueConsumerKeyResponse:
        self._product.take(request, ctx)
        key = consumer_keys.ConsumerKey(jti="jti_1", consumer_id=request.consumer_id)
        return consumer_keys.IssueConsumerKeyResponse(key=key, secret="sk-new", revision=3)

    async def list_consumer_keys(self, request: Any, ctx: Any, /) -> consumer_keys.ListConsumerKeysResponse:
        self._product.take(request, ctx)
        key = consumer_keys.ConsumerKey(jti="jti_1", consumer_id="alice")
        key.expires_at.FromSeconds(self._product.keys_expire_at)
        return consumer_keys.ListConsumerKeysResponse(keys=[key])


class _Workspaces(WorkspaceService):
    def __init__(self, product: FakeProduct) -> None:
        self._product = product

    async def list_workspaces(self, request: Any, ctx: Any, /) -> workspaces.ListWorkspacesResponse:
        self._product.take(request, ctx)
        found = workspaces.Workspace(id="ws_1", name="default", tenant_id="tn_1", revision=4)
        return workspaces.ListWorkspacesResponse(workspaces=[found])


class _Audit(AuditService):
    def __init__(self, product: FakeProduct) -> None:
        self._product = product

    async def list_audit_records(self, request: Any, ctx: Any, /) -> audit.ListAuditRecordsResponse:
        """One record a page, so that paging is seen."""
        self._product.take(request, ctx)
        found, place = self._product.audit_records, int(request.page_token or 0)
        more = place + 1 < len(found)
        return audit.ListAuditRecordsResponse(
            records=found[place : place + 1], next_page_token=str(place + 1) if more else ""
        )

    async def verify_audit(self, request: Any, ctx: Any, /) -> audit.VerifyAuditResponse:
        self._product.take(request, ctx)
        problem = self._product.audit_problem
        return audit.VerifyAuditResponse(
            intact=not problem, checked_count=7, broken_sequence=3 if problem else 0, problem=problem
        )


class _Operations(SigningKeyCalls, OperationsService):
    def __init__(self, product: FakeProduct) -> None:
        self._product = product

    async def replay_event(self, request: Any, ctx: Any, /) -> operations.ReplayEventResponse:
        self._product.take(request, ctx)
        event = events.Event(id=request.event_id, slot="config/", status=events.EVENT_STATUS_PENDING)
        return operations.ReplayEventResponse(event=event)

    async def rotate_master_key(self, request: Any, ctx: Any, /) -> AsyncIterator[operations.RotateMasterKeyResponse]:
        self._product.take(request, ctx)
        for wrapped in (3, 7):
            done = wrapped == 7 and not self._product.rotation_dies
            yield operations.RotateMasterKeyResponse(
                wrapped_count=wrapped, total_count=7, fingerprint="feedbeef", done=done
            )


class _Tenants(TenantService):
    def __init__(self, product: FakeProduct) -> None:
        self._product = product

    async def create_tenant(self, request: Any, ctx: Any, /) -> tenants.CreateTenantResponse:
        self._product.take(request, ctx)
        made = tenants.Tenant(id="tn_2", name=request.name)
        return tenants.CreateTenantResponse(tenant=made, workspace_id="ws_2", management_key="ak-first")

    async def list_tenants(self, request: Any, ctx: Any, /) -> tenants.ListTenantsResponse:
        self._product.take(request, ctx)
        return tenants.ListTenantsResponse(tenants=[tenants.Tenant(id="tn_1", name="default")])


def _application(product: FakeProduct) -> Any:
    applications: Sequence[Any] = (
        ConfiguratorServiceASGIApplication(_Configurator(product)),
        documents_application(product),
        dataplanes_application(product),
        ManagementKeyServiceASGIApplication(_ManagementKeys(product)),
        ConsumerKeyServiceASGIApplication(_ConsumerKeys(product)),
        WorkspaceServiceASGIApplication(_Workspaces(product)),
        backends_application(product),
        AuditServiceASGIApplication(_Audit(product)),
        TenantServiceASGIApplication(_Tenants(product)),
        OperationsServiceASGIApplication(_Operations(product)),
    )

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        for application in applications:
            if scope["path"].startswith(application.path + "/"):
                try:
                    await application(scope, receive, send)
                except Exception as problem:
                    product.broke_with.append(problem)
                return

    return dispatch


@contextlib.contextmanager
def running_product() -> Iterator[FakeProduct]:
    """Serve it on a free port for as long as the block lasts."""
    product = FakeProduct()
    # It never hangs up by itself: a client of the next test may be about to use the connection again.
    config = uvicorn.Config(
        _application(product), port=0, log_level="error", lifespan="off", ws="none", timeout_keep_alive=3600
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        product.url = f"http://127.0.0.1:{port}"
        yield product
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
