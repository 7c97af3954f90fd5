"""Everything a document is compiled from, at one instant: the source, and what is stored beside it."""

from __future__ import annotations

from contract import (
    ConsumerDocument,
    WorkspaceDocument,
    is_secret_ref,
    iter_backend_secrets,
    own_secret_name,
    parse_secret_ref,
)
from controlplane.services.ports import UnitOfWork
from controlplane.valet.compiling import ConsumerSnapshot, SecretVersion, WorkspaceSnapshot


async def snapshot_of(work: UnitOfWork, workspace_id: str, source: WorkspaceDocument) -> WorkspaceSnapshot:
    """Everything the workspace document is compiled from, as `work` sees it."""
    names = {
        parse_secret_ref(secret.value).name for secret in iter_backend_secrets(source) if is_secret_ref(secret.value)
    }
    stored = await work.secrets.newest_of(workspace_id, names)
    secrets = {name: SecretVersion(secret.version, secret.origin) for name, secret in stored.items()}
    return WorkspaceSnapshot(source, secrets)


async def consumer_snapshot_of(work: UnitOfWork, workspace_id: str, source: ConsumerDocument) -> ConsumerSnapshot:
    """Everything the consumer's document is compiled from, as `work` sees it."""
    backends = await work.backends.get(workspace_id, source.consumer_id)
    if backends is None or not backends.backends:
        return ConsumerSnapshot(source)
    names = {own_secret_name(source.consumer_id, one.name, one.credential.kind) for one in backends.backends}
    stored = await work.secrets.newest_of(workspace_id, names)
    secrets = {name: SecretVersion(secret.version, secret.origin) for name, secret in stored.items()}
    return ConsumerSnapshot(source, backends, secrets)
