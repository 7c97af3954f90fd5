"""A consumer's own backends: save the whole set, delete some or all, list; credentials go in and never come out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contract import ConsumerDocument, OwnBackend, own_secret_name, parse_consumer
from contract.egress import STRICT, EgressPolicy
from controlplane.domain.backends import Backend, BackendMode, BackendSet, Credential
from controlplane.domain.callers import Caller, ManagementCaller, Role
from controlplane.domain.documents import SourceDocument
from controlplane.domain.errors import Changed, FieldFault, NotFound
from controlplane.domain.events import EventType
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management, unknown
from controlplane.services.answers import RequestKey, first_time, remember
from controlplane.services.audit import Facts, record
from controlplane.services.given_backends import JudgedBackend, SaveBackends, judge_backends, origins_for, refuse
from controlplane.services.ports import Ids, Store, UnitOfWork
from controlplane.services.publishing import Cause, Publisher
from controlplane.services.secrets import SecretKeeper
from controlplane.services.snapshots import consumer_snapshot_of
from controlplane.services.sources import change_by, keep_version, present_source, store_default
from controlplane.services.unused_secrets import drop_unused_own
from controlplane.valet.compiling import compile_consumer


@dataclass(frozen=True, slots=True)
class ShownBackend:
    """What may be shown of a backend."""

    name: str
    provider: str
    credential_kind: str
    last_four: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ShownSet:
    """What may be shown of a set."""

    backends: tuple[ShownBackend, ...]
    mode: BackendMode | None
    etag: str


@dataclass(frozen=True, slots=True)
class _Target:
    """Whose set is replaced, what is stored of it, and why."""

    workspace: Workspace
    user_id: str
    stored: BackendSet | None
    cause: Cause


class BackendService:
    """Use cases of consumers' own backends. All but listing need the role operator."""

    def __init__(
        self, store: Store, keeper: SecretKeeper, publisher: Publisher, ids: Ids, egress: EgressPolicy = STRICT
    ) -> None:
        self._egress = egress
        self._store = store
        self._keeper = keeper
        self._publisher = publisher
        self._ids = ids

    async def save(self, caller: Caller, command: SaveBackends, request: RequestKey | None = None) -> ShownSet:
        """All or nothing: check, seal the credentials, store, compile, publish.

        Makes the consumer's document when there is none, or none any more; an empty set of a consumer that has none
        makes nothing. Raises InvalidInput with every fault, Changed for an old etag.
        """
        management = require_management(caller)
        async with self._store.reading() as work:  # who may not save is told so before the set is looked at
            await reach_workspace(work, management, command.workspace_id, Role.OPERATOR)
        judged = judge_backends(command, self._egress)
        async with self._store.unit_of_work() as work:
            reached = await reach_workspace(work, management, command.workspace_id, Role.OPERATOR)
            workspace = await work.workspaces.lock(reached.id) or reached
            await first_time(work, request)
            stored = await work.backends.get(workspace.id, command.user_id)
            if command.etag and (stored is None or stored.etag != command.etag):
                raise Changed("the stored backends have another etag: list them again, then save")
            backends, renewed = await self._with_credentials(work, workspace, command.user_id, judged, stored)
            mode = command.mode if backends else None
            target = _Target(workspace, command.user_id, stored, Cause(EventType.BYOK_UPDATE, "backends saved"))
            saved = await self._replace(work, management, target, backends, mode, renewed=renewed)
            facts: Facts = {"backends": " ".join(one.name for one in backends), "mode": mode.value if mode else ""}
            await record(work, management, "backends.save", command.user_id, workspace, facts)
            told = shown(saved)
            await remember(work, request, told)
            return told

    async def delete(
        self, caller: Caller, workspace_id: str, user_id: str, names: tuple[str, ...], request: RequestKey | None = None
    ) -> ShownSet:
        """These, or all when none is named; what is left. Raises NotFound for a name that is not there, or a consumer
        that never brought any or was removed.

        Without a last backend the mode ends too: the platform's backends serve again.
        """
        management = require_management(caller)
        async with self._store.unit_of_work() as work:
            reached = await reach_workspace(work, management, workspace_id, Role.OPERATOR)
            workspace = await work.workspaces.lock(reached.id) or reached
            await first_time(work, request)
            stored = await work.backends.get(workspace.id, user_id)
            if stored is None:
                raise await _none_of(work, workspace, user_id)
            missing = set(names) - {one.name for one in stored.backends}
            if missing:
                raise unknown(f"backend {sorted(missing)[0]!r} of consumer {user_id!r}")
            left = tuple(one for one in stored.backends if names and one.name not in names)
            mode = stored.mode if left else None
            target = _Target(workspace, user_id, stored, Cause(EventType.BYOK_DELETE, "backends deleted"))
            saved = await self._replace(work, management, target, left, mode)
            facts: Facts = {"backends": " ".join(names) or "all"}
            await record(work, management, "backends.delete", user_id, workspace, facts)
            told = shown(saved)
            await remember(work, request, told)
            return told

    async def list(self, caller: Caller, workspace_id: str, user_id: str) -> ShownSet:
        """An empty set for a consumer that brought none."""
        management = require_management(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, management, workspace_id)
            stored = await work.backends.get(workspace.id, user_id)
        return shown(stored) if stored else ShownSet((), None, "")

    async def _with_credentials(
        self,
        work: UnitOfWork,
        workspace: Workspace,
        user_id: str,
        judged: Sequence[JudgedBackend],
        stored: BackendSet | None,
    ) -> tuple[tuple[Backend, ...], bool]:
        """The backends with a credential each, new ones sealed; and whether any is not the stored one."""
        origins, faults = await origins_for(work, workspace.id, [one.settings for one in judged])
        known = {one.name: one.credential for one in stored.backends} if stored else {}
        for index, (one, origin) in enumerate(zip(judged, origins, strict=True)):
            kept = known.get(one.settings.name)
            if origin and one.credential is None and (kept is None or kept.origin != origin):
                why = f"is bound to {kept.origin}: to send it to {origin}, give it again" if kept else "is required"
                faults.append(FieldFault(f"backends[{index}].credential", "required", why))
        refuse(faults)
        backends, renewed = [], False
        for one, origin in zip(judged, origins, strict=True):
            credential, given = known.get(one.settings.name), one.credential
            if given is not None:
                name = own_secret_name(user_id, one.settings.name, given.kind)
                fresh = await self._keeper.keep(work, workspace.id, name, given.value, origin)
                if fresh or credential is None or credential.kind != given.kind:
                    credential = Credential(given.kind, given.last_four, origin, await work.now())
                renewed = renewed or fresh
            if credential is not None:
                backends.append(_backend(one.settings, credential))
        return tuple(backends), renewed

    async def _replace(
        self,
        work: UnitOfWork,
        caller: ManagementCaller,
        target: _Target,
        backends: tuple[Backend, ...],
        mode: BackendMode | None,
        *,
        renewed: bool = False,
    ) -> BackendSet:
        stored, workspace, user_id = target.stored, target.workspace, target.user_id
        if stored is None and not backends:
            return BackendSet(workspace.id, user_id, None, (), "", await work.now())
        if stored is not None and not renewed and (stored.backends, stored.mode) == (backends, mode):
            return stored
        saved = BackendSet(workspace.id, user_id, mode, backends, self._ids.new("etg"), await work.now())
        await work.backends.put(saved)
        known = await work.documents.get(workspace.id, user_id)
        source = await _touched(work, known) if known else await store_default(work, self._ids, workspace, user_id)
        compiled = compile_consumer(await consumer_snapshot_of(work, workspace.id, _consumer(source)))
        published = await self._publisher.publish(work, workspace, user_id, compiled, target.cause, force=False)
        if known is None:
            change = change_by(caller, target.cause.reason)
            await keep_version(work, source, change, published.configuration.version)
        await drop_unused_own(work, workspace.id, user_id)
        return saved


async def _none_of(work: UnitOfWork, workspace: Workspace, user_id: str) -> NotFound:
    """Why there is nothing to delete."""
    source = await present_source(work, workspace.id, user_id)
    if source is None or not source.removed:
        return unknown(f"set of backends of consumer {user_id!r}")
    why = f"consumer {user_id!r} was removed, and its own backends with it: there is nothing left to delete"
    return NotFound(why, reason="DOCUMENT_REMOVED")


async def _touched(work: UnitOfWork, source: SourceDocument) -> SourceDocument:
    """The same source; its generation tells valet that an input of what it compiles to changed."""
    touched = replace(source, generation=source.generation + 1, updated_at=await work.now())
    await work.documents.put(touched)
    return touched


def shown(backends: BackendSet) -> ShownSet:
    """Names and the marks by which people tell credentials apart; nothing that opens anything."""
    rows = (
        ShownBackend(one.name, one.provider, credential.kind, credential.last_four, credential.created_at)
        for one in backends.backends
        for credential in (one.credential,)
    )
    return ShownSet(tuple(rows), backends.mode, backends.etag)


def _backend(settings: OwnBackend, credential: Credential) -> Backend:
    return Backend(
        name=settings.name,
        provider=settings.provider or "",
        protocol=settings.protocol or "",
        base_url=settings.base_url or "",
        models=settings.models,
        weight=settings.weight,
        priority=settings.priority,
        credential=credential,
    )


def _consumer(source: SourceDocument) -> ConsumerDocument:
    return parse_consumer(json.loads(source.content))
