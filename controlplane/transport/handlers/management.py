"""The services around the Configurator: workspaces, management keys, consumer keys."""

from __future__ import annotations

from agentrouter.management.v1 import consumer_keys_pb2, management_keys_pb2, workspaces_pb2
from controlplane.domain.keys import ManagementKey, SeenConsumerKey
from controlplane.domain.workspaces import Workspace
from controlplane.services.consumer_keys import ConsumerKeyService, IssueConsumerKey, IssuedKey
from controlplane.services.management_keys import CreatedKey, CreateManagementKey, ManagementKeyService
from controlplane.services.revocations import RevocationService, Revoked, RevokeUserToken
from controlplane.services.workspaces import WorkspaceService
from controlplane.transport.calls import Call
from controlplane.transport.messages import management
from controlplane.transport.messages.times import read_duration
from controlplane.transport.operations import Handler, handlers_of
from controlplane.transport.paging import cut, next_token, page_after, page_size

PACKAGE = "agentrouter.management.v1"


class WorkspaceHandlers:
    """WorkspaceService."""

    def __init__(self, service: WorkspaceService) -> None:
        self._service = service

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("CreateWorkspace", self.create),
            ("GetWorkspace", self.get),
            ("ListWorkspaces", self.list),
        ]
        return handlers_of(f"{PACKAGE}.WorkspaceService", methods)

    async def create(
        self, request: workspaces_pb2.CreateWorkspaceRequest, call: Call
    ) -> workspaces_pb2.CreateWorkspaceResponse:
        return _workspace_created(await self._service.create(call.caller, request.name, call.once(_workspace_created)))

    async def get(self, request: workspaces_pb2.GetWorkspaceRequest, call: Call) -> workspaces_pb2.GetWorkspaceResponse:
        found = await self._service.get(call.caller, request.workspace_id)
        return workspaces_pb2.GetWorkspaceResponse(workspace=management.workspace(found))

    async def list(
        self, request: workspaces_pb2.ListWorkspacesRequest, call: Call
    ) -> workspaces_pb2.ListWorkspacesResponse:
        size = page_size(request.page_size)
        (after,) = page_after(request, 1)
        page, more = cut(await self._service.list_workspaces(call.caller, after, size + 1), size)
        return workspaces_pb2.ListWorkspacesResponse(
            workspaces=[management.workspace(item) for item in page],
            next_page_token=next_token(request, page[-1].id) if more else "",
        )


def _workspace_created(made: Workspace) -> workspaces_pb2.CreateWorkspaceResponse:
    return workspaces_pb2.CreateWorkspaceResponse(workspace=management.workspace(made))


class ManagementKeyHandlers:
    """ManagementKeyService."""

    def __init__(self, service: ManagementKeyService) -> None:
        self._service = service

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("CreateManagementKey", self.create),
            ("ListManagementKeys", self.list),
            ("RevokeManagementKey", self.revoke),
        ]
        return handlers_of(f"{PACKAGE}.ManagementKeyService", methods)

    async def create(
        self, request: management_keys_pb2.CreateManagementKeyRequest, call: Call
    ) -> management_keys_pb2.CreateManagementKeyResponse:
        command = CreateManagementKey(
            name=request.name,
            role=management.ROLES_READ[request.role],
            workspace_ids=tuple(request.workspace_ids),
            lifetime=read_duration(request, "lifetime"),
        )
        answer = _key_created(await self._service.create(call.caller, command, call.once(_key_created)))
        if request.validate_only:  # nobody will ever hold that key
            answer.key.ClearField("last_four")
        return answer

    async def list(
        self, request: management_keys_pb2.ListManagementKeysRequest, call: Call
    ) -> management_keys_pb2.ListManagementKeysResponse:
        size = page_size(request.page_size)
        (after,) = page_after(request, 1)
        page, more = cut(await self._service.list_keys(call.caller, after, size + 1), size)
        return management_keys_pb2.ListManagementKeysResponse(
            keys=[management.management_key(item) for item in page],
            next_page_token=next_token(request, page[-1].id) if more else "",
        )

    async def revoke(
        self, request: management_keys_pb2.RevokeManagementKeyRequest, call: Call
    ) -> management_keys_pb2.RevokeManagementKeyResponse:
        return _key_revoked(await self._service.revoke(call.caller, request.key_id, call.once(_key_revoked)))


def _key_created(made: CreatedKey) -> management_keys_pb2.CreateManagementKeyResponse:
    return management_keys_pb2.CreateManagementKeyResponse(
        key=management.management_key(made.key), secret=made.secret.plaintext
    )


def _key_revoked(key: ManagementKey) -> management_keys_pb2.RevokeManagementKeyResponse:
    return management_keys_pb2.RevokeManagementKeyResponse(key=management.management_key(key))


class ConsumerKeyHandlers:
    """ConsumerKeyService."""

    def __init__(self, service: ConsumerKeyService, revocations: RevocationService) -> None:
        self._service = service
        self._revocations = revocations

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        methods: list[tuple[str, Handler]] = [
            ("IssueConsumerKey", self.issue),
            ("ListConsumerKeys", self.list),
            ("RevokeConsumerKey", self.revoke),
        ]
        return handlers_of(f"{PACKAGE}.ConsumerKeyService", methods)

    async def issue(
        self, request: consumer_keys_pb2.IssueConsumerKeyRequest, call: Call
    ) -> consumer_keys_pb2.IssueConsumerKeyResponse:
        command = IssueConsumerKey(
            workspace_id=request.workspace_id,
            consumer_id=request.consumer_id,
            name=request.name,
            lifetime=read_duration(request, "lifetime"),
        )
        return _issued(await self._service.issue(call.caller, command, call.once(_issued)))

    async def list(
        self, request: consumer_keys_pb2.ListConsumerKeysRequest, call: Call
    ) -> consumer_keys_pb2.ListConsumerKeysResponse:
        size = page_size(request.page_size)
        (after,) = page_after(request, 1)
        found = await self._service.list_keys(call.caller, request.workspace_id, request.consumer_id, after, size + 1)
        page, more = cut(found, size)
        return consumer_keys_pb2.ListConsumerKeysResponse(
            keys=[management.seen_consumer_key(item) for item in page],
            next_page_token=next_token(request, page[-1].key.jti) if more else "",
        )

    async def revoke(
        self, request: consumer_keys_pb2.RevokeConsumerKeyRequest, call: Call
    ) -> consumer_keys_pb2.RevokeConsumerKeyResponse:
        command = RevokeUserToken(request.workspace_id, request.jti, request.reason, on_record=True)
        return _revoked(await self._revocations.revoke(call.caller, command, call.once(_revoked)))


def _revoked(done: Revoked) -> consumer_keys_pb2.RevokeConsumerKeyResponse:
    key = management.seen_consumer_key(done.key) if done.key else None
    return consumer_keys_pb2.RevokeConsumerKeyResponse(key=key, revision=done.revision)


def _issued(made: IssuedKey) -> consumer_keys_pb2.IssueConsumerKeyResponse:
    key = management.seen_consumer_key(SeenConsumerKey(made.key, None, made.key.created_at))
    return consumer_keys_pb2.IssueConsumerKeyResponse(key=key, secret=made.secret, revision=made.revision)
