"""Removing a consumer: its document becomes a tombstone, its own backends and their credentials go; keys stay."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.domain.callers import Caller, Role
from controlplane.domain.configurations import Configuration, ConfigurationState
from controlplane.domain.documents import SourceDocument
from controlplane.domain.errors import Changed, StateConflict
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import Facts, record
from controlplane.services.documents import refuse_dataplane, stored_source
from controlplane.services.ports import Ids, Store, UnitOfWork
from controlplane.services.publishing import Cause, Published, Publisher
from controlplane.services.sources import change_by, drop_source
from controlplane.services.unused_secrets import drop_unused_own


@dataclass(frozen=True, slots=True)
class DeleteDocument:
    """Remove the document of a consumer. `etag` empty: whatever is stored."""

    workspace_id: str
    user_id: str
    etag: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """The version in which the document was removed, what publishing that did, and the backends that went with it."""

    document_version: int
    published: Published
    backends: tuple[str, ...]


class DocumentRemovalService:
    """The one use case that makes tombstones of configurations."""

    def __init__(self, store: Store, publisher: Publisher, ids: Ids) -> None:
        self._store = store
        self._publisher = publisher
        self._ids = ids

    async def delete(self, caller: Caller, command: DeleteDocument, request: RequestKey | None = None) -> Removed:
        """All or nothing; a repeated request changes nothing. Needs the role operator.

        Raises StateConflict for the workspace's own document, NotFound where there is none (any more), Changed when the
        etag is old.
        """
        refuse_dataplane(caller)
        async with self._store.unit_of_work() as work:
            reached = await reach_workspace(work, caller, command.workspace_id, Role.OPERATOR)
            workspace = await work.workspaces.lock(reached.id) or reached
            await first_time(work, request)
            removed = await self._remove(work, workspace, caller, command)
            await _record(work, workspace, caller, command, removed)
            await remember(work, request, removed)
            return removed

    async def _remove(self, work: UnitOfWork, workspace: Workspace, caller: Caller, command: DeleteDocument) -> Removed:
        source, newest = await _removable(work, workspace, command)
        stored = await work.backends.get(workspace.id, command.user_id)
        await work.backends.drop(workspace.id, command.user_id)
        cause = Cause(reason=command.reason or "document removed")
        published = await self._publisher.remove(work, workspace, newest, cause)
        await drop_unused_own(work, workspace.id, command.user_id)
        change = change_by(caller, command.reason)
        version = published.configuration.version
        left = await drop_source(work, self._ids, workspace, source, change, version)
        backends = stored.backends if stored else ()
        return Removed(left.version, published, tuple(one.name for one in backends))


async def _removable(
    work: UnitOfWork, workspace: Workspace, command: DeleteDocument
) -> tuple[SourceDocument, Configuration]:
    """What is stored of the consumer: its source, and the newest configuration."""
    if not command.user_id:
        raise _stays(workspace)
    source = await stored_source(work, workspace.id, command.user_id, 0)
    if command.etag and source.etag != command.etag:
        raise Changed("the stored document has another etag: read it again, then delete")
    newest = await work.configurations.newest(workspace.id, command.user_id)
    if newest is None or newest.state is not ConfigurationState.ACTIVE:
        raise AssertionError("a stored source always has an active configuration")
    return source, newest


def _stays(workspace: Workspace) -> StateConflict:
    return StateConflict(
        "the workspace's own document cannot be deleted, its data planes would have nothing to serve by: name a "
        "consumer in user_id, or put another workspace document; to stop a data plane, revoke it",
        subject=workspace.id,
        reason="WORKSPACE_DOCUMENT_STAYS",
    )


async def _record(
    work: UnitOfWork, workspace: Workspace, caller: Caller, command: DeleteDocument, removed: Removed
) -> None:
    facts: Facts = {
        "version": removed.published.configuration.version,
        "backends": " ".join(removed.backends),
        "reason": command.reason,
    }
    await record(work, caller, "document.delete", f"document/{command.user_id}", workspace, facts)
