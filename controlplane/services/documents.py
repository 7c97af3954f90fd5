"""Source documents: put (and with it compile, store, announce), get, validate."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract import (
    ConsumerDocument,
    ContractError,
    Fault,
    WorkspaceDocument,
    canonical_bytes,
    is_secret_ref,
    iter_backend_secrets,
    own_secret_name,
    parse_consumer,
    parse_secret_ref,
    parse_text,
    parse_workspace,
    unresolved_environment,
    unserved_parts,
    with_backend_secrets,
)
from contract.egress import STRICT, EgressPolicy, egress_faults
from controlplane.domain.callers import Caller, DataplaneCaller, Role
from controlplane.domain.documents import SourceDocument
from controlplane.domain.errors import Changed, FieldFault, InvalidInput, PermissionRefused
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, unknown
from controlplane.services.answers import RequestKey, remember, repeated
from controlplane.services.audit import Facts, record
from controlplane.services.ports import Ids, Store, UnitOfWork
from controlplane.services.publishing import Cause, Published, Publisher, as_answer, published_before
from controlplane.services.secrets import SecretKeeper
from controlplane.valet.compiling import (
    Compiled,
    ConsumerSnapshot,
    SecretVersion,
    WorkspaceSnapshot,
    compile_consumer,
    compile_workspace,
    reference_faults,
)


@dataclass(frozen=True, slots=True)
class PutDocument:
    """Replace the source of (workspace, user); `content` is YAML or JSON text. `etag` empty: whatever is stored."""

    workspace_id: str
    user_id: str
    content: str = field(repr=False)
    etag: str = ""
    validate_only: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PutResult:
    """The stored source and what publishing it did."""

    document: SourceDocument
    published: Published


@dataclass(frozen=True, slots=True)
class _Parsed:
    raw: Mapping[str, Any] = field(repr=False)
    document: WorkspaceDocument | ConsumerDocument = field(repr=False)


class DryRun(Exception):
    """Not an error: carries the result of a dry run out of a unit of work that must not commit."""

    def __init__(self, result: PutResult) -> None:
        super().__init__()
        self.result = result


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
        _refuse_dataplane(caller)
        async with self._store.reading() as work:  # who may not put is told so before the document is looked at
            await reach_workspace(work, caller, command.workspace_id, Role.OPERATOR)
        parsed = await asyncio.to_thread(self._parse, command.user_id, command.content)  # large ones take long
        try:
            async with self._store.unit_of_work() as work:
                reached = await reach_workspace(work, caller, command.workspace_id, Role.OPERATOR)
                workspace = await work.workspaces.lock(reached.id) or reached
                earlier = await repeated(work, request)
                if earlier is not None:
                    return await _put_before(work, workspace, command.user_id, earlier)
                result = await self._put(work, workspace, command, parsed)
                if command.validate_only:
                    raise DryRun(result)
                done = result.published
                facts: Facts = {
                    "changed": done.changed,
                    "version": done.configuration.version,
                    "reason": command.reason,
                }
                await record(work, caller, "document.put", f"document/{command.user_id}", workspace, facts)
                await remember(work, request, as_answer(result.published))
                return result
        except DryRun as dry_run:
            return dry_run.result

    async def get(self, caller: Caller, workspace_id: str, user_id: str) -> SourceDocument:
        """Raises NotFound when nothing was put yet."""
        _refuse_dataplane(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, workspace_id)
            document = await work.documents.get(workspace.id, user_id)
        if document is None:
            raise unknown(f"document of {user_id!r}" if user_id else "workspace document")
        return document

    async def validate(self, caller: Caller, workspace_id: str, user_id: str, content: str) -> tuple[FieldFault, ...]:
        """Every fault, also those that only show against what is stored; empty when it may be put."""
        _refuse_dataplane(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, caller, workspace_id)
            try:
                parsed = await asyncio.to_thread(self._parse, user_id, content)
            except InvalidInput as refused:
                return refused.faults
            if isinstance(parsed.document, ConsumerDocument):
                return ()
            return reference_faults(await snapshot_of(work, workspace.id, parsed.document))

    def _parse(self, user_id: str, content: str) -> _Parsed:
        """Raises InvalidInput with every fault, those of where requests may not go after all others."""
        parsed = parse_source(user_id, content)
        if isinstance(parsed.document, WorkspaceDocument):
            _refuse(egress_faults(parsed.document, self._egress))
        return parsed

    async def _put(self, work: UnitOfWork, workspace: Workspace, command: PutDocument, parsed: _Parsed) -> PutResult:
        stored = await work.documents.get(workspace.id, command.user_id)
        if command.etag and (stored is None or stored.etag != command.etag):
            raise Changed("the stored document has another etag: read it again, then put")
        content, compiled, renewed = await self._compile(work, workspace.id, parsed)
        document = await self._replace(work, workspace.id, command.user_id, stored, content, renewed=renewed)
        cause = Cause(reason=command.reason or "document put")
        published = await self._publisher.publish(work, workspace, command.user_id, compiled, cause, force=False)
        return PutResult(document, published)

    async def _compile(self, work: UnitOfWork, workspace_id: str, parsed: _Parsed) -> tuple[bytes, Compiled, bool]:
        """The source to store, credentials taken out, what it compiles to, and whether a credential is new."""
        if isinstance(parsed.document, ConsumerDocument):
            consumer = await consumer_snapshot_of(work, workspace_id, parsed.document)
            return canonical_bytes(parsed.document), compile_consumer(consumer), False
        taken = await self._keeper.take_out(work, workspace_id, parsed.document)
        source = with_backend_secrets(parsed.document, taken.references)
        content = canonical_bytes(with_backend_secrets(parsed.raw, taken.references))
        return content, compile_workspace(await snapshot_of(work, workspace_id, source)), taken.renewed

    async def _replace(
        self,
        work: UnitOfWork,
        workspace_id: str,
        user_id: str,
        stored: SourceDocument | None,
        content: bytes,
        *,
        renewed: bool,
    ) -> SourceDocument:
        """Store the source unless it is what is stored already; its generation tells valet that inputs changed.

        A renewed credential is an input too: without it, a slower compilation could announce the one before again.
        """
        if stored is not None and stored.content == content and not renewed:
            return stored
        document = SourceDocument(
            workspace_id,
            user_id,
            content,
            etag=self._ids.new("etg"),
            generation=stored.generation + 1 if stored else 1,
            updated_at=await work.now(),
        )
        await work.documents.put(document)
        return document


async def _put_before(work: UnitOfWork, workspace: Workspace, user_id: str, answer: bytes) -> PutResult:
    """What an earlier request with the same id did, and the source as it is now."""
    document = await work.documents.get(workspace.id, user_id)
    if document is None:
        raise unknown("document")
    return PutResult(document, await published_before(work, workspace.id, user_id, answer))


def parse_source(user_id: str, content: str) -> _Parsed:
    """Raises InvalidInput with every fault; a consumer's document must name its own consumer."""
    try:
        raw = parse_text(content)
        if user_id:
            consumer = _own_consumer(user_id, parse_consumer(raw))
            if unserved := unserved_parts(consumer):
                raise ContractError(unserved)
            return _Parsed(raw, consumer)
        document = parse_workspace(raw)
        if faults := (*unserved_parts(document), *unresolved_environment(document)):
            raise ContractError(faults)
        return _Parsed(raw, document)
    except ContractError as error:
        raise _invalid(error.faults) from None


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise _invalid(faults)


def _invalid(found: Sequence[Fault]) -> InvalidInput:
    faults = tuple(FieldFault(fault.path, fault.code, fault.message) for fault in found)
    return InvalidInput(f"the document has {len(faults)} fault(s)", faults, reason="DOCUMENT_INVALID")


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
    names = {own_secret_name(source.consumer_id, one.name) for one in backends.backends}
    stored = await work.secrets.newest_of(workspace_id, names)
    secrets = {name: SecretVersion(secret.version, secret.origin) for name, secret in stored.items()}
    return ConsumerSnapshot(source, backends, secrets)


def _own_consumer(user_id: str, document: ConsumerDocument) -> ConsumerDocument:
    if document.consumer_id != user_id:
        fault = FieldFault("consumer_id", "mismatch", f"must be {user_id!r}, the consumer the document is put for")
        raise InvalidInput("the document is another consumer's", (fault,), reason="DOCUMENT_INVALID")
    return document


def _refuse_dataplane(caller: Caller) -> None:
    if isinstance(caller, DataplaneCaller):
        raise PermissionRefused("a data plane may not read or write source documents", reason="CALLER_KIND")
