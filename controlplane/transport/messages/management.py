"""The nouns of the management plane on the wire: workspaces, keys, data planes, documents."""

from __future__ import annotations

from agentrouter.management.v1 import (
    consumer_keys_pb2,
    dataplanes_pb2,
    documents_pb2,
    management_keys_pb2,
    workspaces_pb2,
)
from controlplane.domain.callers import Role
from controlplane.domain.dataplanes import Dataplane
from controlplane.domain.documents import DocumentVersion, SourceDocument
from controlplane.domain.errors import FieldFault
from controlplane.domain.keys import ConsumerKey, ConsumerKeyState, ManagementKey, SeenConsumerKey
from controlplane.domain.workspaces import Workspace
from controlplane.services.dataplanes import SeenDataplane
from controlplane.services.health import Connection, Sync
from controlplane.transport.messages.configurations import report
from controlplane.transport.messages.times import timestamp
from controlplane.transport.messages.upgrades import upgrade_view

ROLES = {role: f"ROLE_{role.name}" for role in Role}
ROLES_READ = {management_keys_pb2.Role.Value(name): role for role, name in ROLES.items()}
KEY_STATES = {state: f"CONSUMER_KEY_STATE_{state.name}" for state in ConsumerKeyState}
CONNECTIONS = {each: f"DATAPLANE_CONNECTION_{each.name}" for each in Connection}
SYNCS = {each: f"DATAPLANE_SYNC_{each.name}" for each in Sync}


def workspace(value: Workspace) -> workspaces_pb2.Workspace:
    """A workspace."""
    return workspaces_pb2.Workspace(
        id=value.id,
        tenant_id=value.tenant_id,
        name=value.name,
        revision=value.revision,
        created_at=timestamp(value.created_at),
    )


def management_key(value: ManagementKey) -> management_keys_pb2.ManagementKey:
    """A key's record."""
    return management_keys_pb2.ManagementKey(
        id=value.id,
        tenant_id=value.tenant_id,
        workspace_ids=value.workspace_ids,
        role=ROLES[value.role],
        name=value.name,
        last_four=value.last_four,
        created_at=timestamp(value.created_at),
        expires_at=timestamp(value.expires_at),
        revoked_at=timestamp(value.revoked_at),
    )


def seen_consumer_key(value: SeenConsumerKey) -> consumer_keys_pb2.ConsumerKey:
    """A key's record with what became of it."""
    revocation = value.revocation
    message = consumer_keys_pb2.ConsumerKey(
        state=KEY_STATES[value.state],
        revoked_at=timestamp(revocation.created_at if revocation else None),
        revoked_reason=revocation.reason if revocation else "",
    )
    message.MergeFrom(_consumer_key(value.key))
    return message


def _consumer_key(value: ConsumerKey) -> consumer_keys_pb2.ConsumerKey:
    """A key's record."""
    return consumer_keys_pb2.ConsumerKey(
        jti=value.jti,
        workspace_id=value.workspace_id,
        consumer_id=value.consumer_id,
        name=value.name,
        created_at=timestamp(value.created_at),
        expires_at=timestamp(value.expires_at),
    )


def seen_dataplane(value: SeenDataplane) -> dataplanes_pb2.Dataplane:
    """A data plane with how it is doing."""
    sync = value.health.sync
    message = dataplanes_pb2.Dataplane(
        connection=CONNECTIONS[value.health.connection],
        sync=SYNCS[sync] if sync else None,
        desired_revision=value.desired_revision,
        url=value.url,
    )
    message.MergeFrom(dataplane(value.dataplane))
    view = upgrade_view(value.upgrade)
    if view is not None:
        message.upgrade.CopyFrom(view)
    return message


def dataplane(value: Dataplane) -> dataplanes_pb2.Dataplane:
    """A data plane; its public keys stay inside."""
    return dataplanes_pb2.Dataplane(
        id=value.id,
        workspace_id=value.workspace_id,
        group=value.group,
        name=value.name,
        applied_revision=value.applied_revision,
        report=report(value.report),
        created_at=timestamp(value.created_at),
        last_seen_at=timestamp(value.last_seen_at),
        revoked_at=timestamp(value.revoked_at),
        retired_at=timestamp(value.retired_at),
        boot_counter=value.boot.counter if value.boot else 0,
    )


def source_document(value: SourceDocument) -> documents_pb2.SourceDocument:
    """A source as it is stored."""
    return documents_pb2.SourceDocument(
        workspace_id=value.workspace_id,
        user_id=value.user_id,
        content=value.content.decode(),
        etag=value.etag,
        updated_at=timestamp(value.updated_at),
        version=value.version,
    )


def document_version(value: DocumentVersion) -> documents_pb2.DocumentVersion:
    """A version without its content."""
    return documents_pb2.DocumentVersion(
        version=value.version,
        etag=value.etag,
        author=value.author,
        reason=value.reason,
        configuration_version=value.configuration_version,
        restored_version=value.restored_version,
        created_at=timestamp(value.created_at),
        removed=value.removed,
    )


def document_fault(value: FieldFault) -> documents_pb2.DocumentFault:
    """One fault, or a warning."""
    is_warning = value.severity == "warning"
    return documents_pb2.DocumentFault(
        path=value.path,
        code=value.code,
        message=value.message,
        remedy=value.remedy,
        severity=documents_pb2.FAULT_SEVERITY_WARNING if is_warning else documents_pb2.FAULT_SEVERITY_ERROR,
        line=value.line or 0,
        column=value.column or 0,
    )
