"""Source documents: put (and with it compile, store, announce), put an earlier version again, get, validate."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from contract import ConsumerDocument, canonical_bytes, with_backend_secrets
from contract.egress import STRICT, EgressPolicy
from controlplane.domain.callers import Caller, DataplaneCaller, Role
from controlplane.domain.documents import SourceDocument
from controlplane.domain.errors import Changed, DoesNotCompile, FieldFault, InvalidInput, NotFound, PermissionRefused
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, unknown
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import Facts, record
from controlplane.services.ports import Ids, Store, UnitOfWork
from controlplane.services.publishing import Cause, Published, Publisher
from controlplane.services.secrets import SecretKeeper
from controlplane.services.snapshots import consumer_snapshot_of, snapshot_of
from controlplane.services.source_text import Parsed, judge_source, parse_source, placed
from controlplane.services.sources import change_by, keep_version, present_source, store_source
from controlplane.valet.compiling import Compiled, compile_consumer, compile_workspace, reference_faults


@dataclass(frozen=True, slots=True)
class PutDocument:
    """Replace the source of (workspace, user); `content` is YAML or JSON text. `etag` empty: whatever is stored.

    `restored_version`: the earlier version whose content this is; 0 for what somebody wrote.
    """

    workspace_id: str
    user_id: str
    content: str = field(repr=False)
    etag: str = ""
    reason: str = ""
    restored_version: int = 0


@dataclass(frozen=True, slots=True)
class RollBackDocument:
    """Put an earlier version again; 0: the newest that says something else than what is stored."""

    workspace_id: str
    user_id: str
    version: int = 0
    etag: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PutResult:
    """The stored source, what publishing it did, and the version that was put again (0: none)."""

    document: SourceDocument
    published: Published
    restored_version: int = 0


class DocumentService:
    """Use cases of source documents."""

    def __init__(
        self,
        store: Store,
        keeper: SecretKeeper,
        publisher: Publisher,
        ids: Ids,
        egress: EgressPolicy = STRICT,
    ) -> None:
        self._store = store
        self._keeper = keeper
        self._publisher = publisher
        self._ids = ids
        self._egress = egress

    async def put(self, caller: Caller, command: PutDocument, request: RequestKey | None = None) -> PutResult:
        """Check, take credentials out, store, compile, publish: all or nothing; a repeated request changes nothing.

        Raises InvalidInput with every fault of the document, DoesNotCompile, Changed when the etag is old.
        """
        refuse_dataplane(caller)
        async with self._store.reading() as work:  # who may not put is told so before the document is looked at
            await reach_workspace(work, caller, command.workspace_id, Role.OPERATOR)
        parsed = await self._parse(command.user_id, command.content)
        return await self._change(caller, command, parsed, request)

    async def roll_back(
        self, caller: Caller, command: RollBackDocument, request: RequestKey | None = None
    ) -> PutResult:
        """Put an earlier version again, with all that `put` checks; a repeated request changes nothing.

        Raises NotFound for a version that is not kept, DoesNotCompile with every fault that it has by today's rules
        and secrets, Changed when the etag is old.
        """
        refuse_dataplane(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, command.workspace_id, Role.OPERATOR)
            await first_time(work, request)
            again = await _earlier_content(work, workspace.id, command)
        try:
            parsed = await self._parse(command.user_id, again.content)
        except InvalidInput as refused:
            message = f"version {again.restored_version} does not keep the rules of this release"
            raise DoesNotCompile(message, refused.faults) from None
        return await self._change(caller, again, parsed, request)

    async def get(self, caller: Caller, workspace_id: str, user_id: str, version: int = 0) -> SourceDocument:
        """The newest, or an earlier version. Raises NotFound when nothing was put yet, or the version is not kept."""
        refuse_dataplane(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, workspace_id)
            return await stored_source(work, workspace.id, user_id, version)

    async def validate(self, caller: Caller, workspace_id: str, user_id: str, content: str) -> tuple[FieldFault, ...]:
        """Exactly what `put` would refuse, also what only shows against what is stored, and warnings beside it."""
        refuse_dataplane(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, workspace_id)
            judged = await asyncio.to_thread(judge_source, user_id, content, self._egress)
            if judged.parsed is None:
                return judged.findings
            found = await compile_faults(work, workspace.id, judged.parsed)
        return (*placed(found, content), *judged.findings)

    async def _parse(self, user_id: str, content: str) -> Parsed:
        return await asyncio.to_thread(parse_source, user_id, content, self._egress)  # large ones take long

    async def _change(
        self, caller: Caller, command: PutDocument, parsed: Parsed, request: RequestKey | None
    ) -> PutResult:
        async with self._store.unit_of_work() as work:
            reached = await reach_workspace(work, caller, command.workspace_id, Role.OPERATOR)
            workspace = await work.workspaces.lock(reached.id) or reached
            await first_time(work, request)
            result = await self._put(work, workspace, caller, command, parsed)
            await _record(work, workspace, caller, command, result.published)
            await remember(work, request, result)
            return result

    async def _put(
        self, work: UnitOfWork, workspace: Workspace, caller: Caller, command: PutDocument, parsed: Parsed
    ) -> PutResult:
        present = await present_source(work, workspace.id, command.user_id)
        if command.etag and (present is None or present.etag != command.etag):
            raise Changed("the stored document has another etag: read it again, then put")
        stored = None if present is None or present.removed else present
        content, compiled, renewed = await self._compile(work, workspace.id, parsed)
        # A renewed credential is an input too: without a new generation, a slower compilation could announce the one
        # before again.
        same = stored is not None and stored.content == content and not renewed
        document = stored if stored and same else None
        if document is None:
            document = await store_source(work, self._ids, workspace, command.user_id, stored, content)
        cause = Cause(reason=command.reason or "document put")
        published = await self._publisher.publish(work, workspace, command.user_id, compiled, cause, force=False)
        if not same:
            change = change_by(caller, command.reason, command.restored_version)
            await keep_version(work, document, change, published.configuration.version)
        return PutResult(document, published, command.restored_version)

    async def _compile(self, work: UnitOfWork, workspace_id: str, parsed: Parsed) -> tuple[bytes, Compiled, bool]:
        """The source to store, credentials taken out, what it compiles to, and whether a credential is new."""
        if isinstance(parsed.document, ConsumerDocument):
            consumer = await consumer_snapshot_of(work, workspace_id, parsed.document)
            return canonical_bytes(parsed.document), compile_consumer(consumer), False
        taken = await self._keeper.take_out(work, workspace_id, parsed.document)
        source = with_backend_secrets(parsed.document, taken.references)
        content = canonical_bytes(with_backend_secrets(parsed.raw, taken.references))
        return content, compile_workspace(await snapshot_of(work, workspace_id, source)), taken.renewed


async def stored_source(work: UnitOfWork, workspace_id: str, user_id: str, version: int) -> SourceDocument:
    """The newest (0), or an earlier version. Raises NotFound, also for one in which the document was removed."""
    newest = await present_source(work, workspace_id, user_id)
    if newest is None:
        raise unknown(f"document of {user_id!r}" if user_id else "workspace document")
    if version in (0, newest.version):
        if newest.removed:
            raise _was_removed(user_id, newest.version)
        return newest
    found = await work.document_versions.get(workspace_id, user_id, version)
    if found is None:
        raise unknown(f"version {version} of the document")
    if found.removed:
        raise _was_removed(user_id, version)
    return replace(newest, content=found.content, etag=found.etag, updated_at=found.created_at, version=found.version)


def _was_removed(user_id: str, version: int) -> NotFound:
    return NotFound(
        f"the document of {user_id!r} was removed in version {version}, which has no content: put one, or roll back to "
        "an earlier version",
        reason="DOCUMENT_REMOVED",
    )


async def compile_faults(work: UnitOfWork, workspace_id: str, parsed: Parsed) -> tuple[FieldFault, ...]:
    """What only shows against what is stored; inline credentials, not yet taken out, are passed over."""
    if not isinstance(parsed.document, ConsumerDocument):
        return reference_faults(await snapshot_of(work, workspace_id, parsed.document))
    try:
        compile_consumer(await consumer_snapshot_of(work, workspace_id, parsed.document))
    except DoesNotCompile as problem:
        return problem.faults
    return ()


def refuse_dataplane(caller: Caller) -> None:
    """Source documents are for people and their programs."""
    if isinstance(caller, DataplaneCaller):
        raise PermissionRefused("a data plane may not read or write source documents", reason="CALLER_KIND")


async def _earlier_content(work: UnitOfWork, workspace_id: str, command: RollBackDocument) -> PutDocument:
    """The version to put again. Where the caller named none, what is stored must not change before it is put."""
    stored = await present_source(work, workspace_id, command.user_id)
    if stored is None:
        stored = await stored_source(work, workspace_id, command.user_id, 0)
    if command.version:
        found = await stored_source(work, workspace_id, command.user_id, command.version)
        version, content, etag = found.version, found.content, command.etag
    else:
        unlike = await work.document_versions.newest_unlike(stored)
        if unlike is None:
            raise unknown("earlier version that says something else")
        version, content, etag = unlike.version, unlike.content, command.etag or stored.etag
    return PutDocument(
        workspace_id=workspace_id,
        user_id=command.user_id,
        content=content.decode(),
        etag=etag,
        reason=command.reason or f"rolled back to version {version}",
        restored_version=version,
    )


async def _record(
    work: UnitOfWork, workspace: Workspace, caller: Caller, command: PutDocument, done: Published
) -> None:
    facts: Facts = {"changed": done.changed, "version": done.configuration.version, "reason": command.reason}
    action = "document.roll_back" if command.restored_version else "document.put"
    if command.restored_version:
        facts = {**facts, "restored_version": command.restored_version}
    await record(work, caller, action, f"document/{command.user_id}", workspace, facts)
