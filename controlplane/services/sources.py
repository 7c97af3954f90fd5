"""Source documents as they are stored: each change makes a version, with who made it, why, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contract import ConsumerDocument, canonical_bytes
from controlplane.domain.callers import Caller
from controlplane.domain.counting import next_version
from controlplane.domain.documents import DocumentVersion, SourceDocument
from controlplane.domain.workspaces import Workspace
from controlplane.services.audit import actor_of
from controlplane.services.ports import Ids, UnitOfWork


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes a document and why; `restored_version`: the earlier version that is put again, 0 for none."""

    author: str
    reason: str
    restored_version: int = 0


def change_by(caller: Caller, reason: str, restored_version: int = 0) -> Change:
    """The change of whoever calls."""
    return Change(actor_of(caller), reason, restored_version)


async def store_source(
    work: UnitOfWork, ids: Ids, workspace: Workspace, user_id: str, stored: SourceDocument | None, content: bytes
) -> SourceDocument:
    """Replace the source, or make the first; its version is kept once its configuration is known (`keep_version`)."""
    newest = await _kept_newest(work, workspace.id, user_id, stored)
    document = SourceDocument(
        workspace.id,
        user_id,
        content,
        etag=ids.new("etg"),
        generation=stored.generation + 1 if stored else 1,
        updated_at=await work.now(),
        version=next_version(newest, workspace.revision),
    )
    await work.documents.put(document)
    return document


async def store_default(work: UnitOfWork, ids: Ids, workspace: Workspace, user_id: str) -> SourceDocument:
    """The first source of a consumer that nobody wrote one for: enabled, every model."""
    content = canonical_bytes(ConsumerDocument(version="consumer/v1", consumer_id=user_id))
    return await store_source(work, ids, workspace, user_id, None, content)


async def keep_version(work: UnitOfWork, document: SourceDocument, change: Change, configuration_version: int) -> None:
    """Keep what was just stored as a version of the document."""
    await work.document_versions.add(_version(document, change, configuration_version))


async def drop_source(
    work: UnitOfWork, ids: Ids, workspace: Workspace, stored: SourceDocument, change: Change, configuration_version: int
) -> SourceDocument:
    """Remove the source; its last version, which has no content, is kept and comes back."""
    newest = await _kept_newest(work, workspace.id, stored.user_id, stored)
    removed = replace(
        stored,
        content=b"",
        etag=ids.new("etg"),
        updated_at=await work.now(),
        version=next_version(newest, workspace.revision),
    )
    await work.documents.drop(workspace.id, stored.user_id)
    await keep_version(work, removed, change, configuration_version)
    return removed


async def present_source(work: UnitOfWork, workspace_id: str, user_id: str) -> SourceDocument | None:
    """What is stored; of a document that was removed, what is left of it (`removed`)."""
    stored = await work.documents.get(workspace_id, user_id)
    if stored is not None:
        return stored
    last = await work.document_versions.newest(workspace_id, user_id)
    if last is None:
        return None
    return SourceDocument(workspace_id, user_id, b"", last.etag, 0, last.created_at, last.version)


async def _kept_newest(work: UnitOfWork, workspace_id: str, user_id: str, stored: SourceDocument | None) -> int:
    """The newest version that is kept, a removed document's too; 0: none yet. What a replica of a release without
    versions put is kept before it is gone."""
    newest = await work.document_versions.newest(workspace_id, user_id)
    if stored is None or (newest is not None and newest.etag == stored.etag):
        return newest.version if newest else 0
    unseen = replace(stored, version=newest.version + 1 if newest else stored.version)
    await work.document_versions.add(_version(unseen, Change("", ""), 0))
    return unseen.version


def _version(document: SourceDocument, change: Change, configuration_version: int) -> DocumentVersion:
    return DocumentVersion(
        workspace_id=document.workspace_id,
        user_id=document.user_id,
        version=document.version,
        etag=document.etag,
        author=change.author,
        reason=change.reason,
        configuration_version=configuration_version,
        restored_version=change.restored_version,
        created_at=document.updated_at,
        content=document.content,
    )
