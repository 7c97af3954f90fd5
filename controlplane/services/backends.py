"""A consumer's own backends: save the whole set, delete some or all, list; credentials go in and never come out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contract import (
    ConsumerDocument,
    ContractError,
    OwnBackend,
    api_key_problem,
    origin_of_url,
    origins_of,
    own_secret_name,
    parse_consumer,
    parse_own_backends,
    parse_workspace,
)
from contract.addresses import parse_base_url
from contract.egress import STRICT, EgressPolicy
from controlplane.domain.backends import Backend, BackendMode, BackendSet, Credential
from controlplane.domain.callers import Caller, ManagementCaller, Role
from controlplane.domain.documents import SourceDocument
from controlplane.domain.errors import Changed, FieldFault, InvalidInput
from controlplane.domain.events import EventType
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management, unknown
from controlplane.services.answers import RequestKey, remember, repeated
from controlplane.services.audit import Facts, record
from controlplane.services.ports import Ids, Store, UnitOfWork
from controlplane.services.publishing import Cause, Publisher
from controlplane.services.secrets import SecretKeeper
from controlplane.services.snapshots import consumer_snapshot_of
from controlplane.services.sources import change_by, keep_version, store_default
from controlplane.valet.compiling import compile_consumer

API_KEY = "api_key"
SHORTEST_TOLD = 12  # of a shorter key, four characters would tell too much


@dataclass(frozen=True, slots=True)
class GivenBackend:
    """`settings` as the contract reads them; the credential's kind and value, both empty to keep the stored one."""

    settings: Mapping[str, Any]
    credential_kind: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SaveBackends:
    """Replace a consumer's whole set. `etag` empty: whatever is stored; `mode` may be None when there are none."""

    workspace_id: str
    user_id: str
    backends: tuple[GivenBackend, ...]
    mode: BackendMode | None
    etag: str = ""


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
    """What may be shown of a set; also what is kept to answer a repeated request."""

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

        Makes the consumer's document when there is none. Raises InvalidInput with every fault, Changed for an old etag.
        """
        management = require_management(caller)
        async with self._store.reading() as work:  # who may not save is told so before the set is looked at
            await reach_workspace(work, management, command.workspace_id, Role.OPERATOR)
        settings = _checked(command, self._egress)
        async with self._store.unit_of_work() as work:
            reached = await reach_workspace(work, management, command.workspace_id, Role.OPERATOR)
            workspace = await work.workspaces.lock(reached.id) or reached
            earlier = await repeated(work, request)
            if earlier is not None:
                return _read_answer(earlier)
            stored = await work.backends.get(workspace.id, command.user_id)
            if command.etag and (stored is None or stored.etag != command.etag):
                raise Changed("the stored backends have another etag: list them again, then save")
            backends, renewed = await self._with_credentials(work, workspace, command, settings, stored)
            mode = command.mode if backends else None
            target = _Target(workspace, command.user_id, stored, Cause(EventType.BYOK_UPDATE, "backends saved"))
            saved = await self._replace(work, management, target, backends, mode, renewed=renewed)
            facts: Facts = {"backends": " ".join(one.name for one in backends), "mode": mode.value if mode else ""}
            await record(work, management, "backends.save", command.user_id, workspace, facts)
            await remember(work, request, _as_answer(saved))
            return shown(saved)

    async def delete(
        self, caller: Caller, workspace_id: str, user_id: str, names: tuple[str, ...], request: RequestKey | None = None
    ) -> ShownSet:
        """These, or all when none is named; what is left. Raises NotFound for a name that is not there.

        Without a last backend the mode ends too: the platform's backends serve again.
        """
        management = require_management(caller)
        async with self._store.unit_of_work() as work:
            reached = await reach_workspace(work, management, workspace_id, Role.OPERATOR)
            workspace = await work.workspaces.lock(reached.id) or reached
            earlier = await repeated(work, request)
            if earlier is not None:
                return _read_answer(earlier)
            stored = await work.backends.get(workspace.id, user_id)
            if stored is None:
                raise unknown(f"set of backends of consumer {user_id!r}")
            missing = set(names) - {one.name for one in stored.backends}
            if missing:
                raise unknown(f"backend {sorted(missing)[0]!r} of consumer {user_id!r}")
            left = tuple(one for one in stored.backends if names and one.name not in names)
            mode = stored.mode if left else None
            target = _Target(workspace, user_id, stored, Cause(EventType.BYOK_DELETE, "backends deleted"))
            saved = await self._replace(work, management, target, left, mode)
            facts: Facts = {"backends": " ".join(names) or "all"}
            await record(work, management, "backends.delete", user_id, workspace, facts)
            await remember(work, request, _as_answer(saved))
            return shown(saved)

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
        command: SaveBackends,
        settings: tuple[OwnBackend, ...],
        stored: BackendSet | None,
    ) -> tuple[tuple[Backend, ...], bool]:
        """The backends with a credential each, new ones sealed; and whether any is not the stored one."""
        origins, faults = await _origins(work, workspace.id, settings)
        known = {one.name: one.credential for one in stored.backends} if stored else {}
        for index, (given, one, origin) in enumerate(zip(command.backends, settings, origins, strict=True)):
            kept = known.get(one.name)
            if origin and not given.credential_kind and (kept is None or kept.origin != origin):
                why = f"is bound to {kept.origin}: to send it to {origin}, give it again" if kept else "is required"
                faults.append(FieldFault(f"backends[{index}].credential", "required", why))
        _refuse(faults)
        backends, renewed = [], False
        for given, one, origin in zip(command.backends, settings, origins, strict=True):
            credential = known.get(one.name)
            if given.credential_kind:
                name = own_secret_name(command.user_id, one.name)
                fresh = await self._keeper.keep(work, workspace.id, name, given.credential, origin)
                if fresh or credential is None:
                    credential = Credential(API_KEY, _last_four(given.credential), origin, await work.now())
                renewed = renewed or fresh
            if credential is not None:
                backends.append(_backend(one, credential))
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
        return saved


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


def _checked(command: SaveBackends, egress: EgressPolicy) -> tuple[OwnBackend, ...]:
    """The settings, read by the contract. Raises InvalidInput with every fault, those of credentials too."""
    faults = [fault for index, given in enumerate(command.backends) for fault in _credential_faults(index, given)]
    if command.backends and command.mode is None:
        faults.append(FieldFault("mode", "required", "is EXCLUSIVE, PREFERRED or FALLBACK"))
    settings: tuple[OwnBackend, ...] = ()
    try:
        parse_consumer({"version": "consumer/v1", "consumer_id": command.user_id})
        settings = parse_own_backends([given.settings for given in command.backends])
    except ContractError as error:
        renamed = {"consumer_id": "user_id"}
        faults += [
            FieldFault(renamed.get(one.path, one.path), one.code, one.message, one.remedy) for one in error.faults
        ]
    for index, one in enumerate(settings):
        problem = egress.host_problem(parse_base_url(one.base_url).host) if one.base_url else None
        if problem:
            faults.append(FieldFault(f"backends[{index}].base_url", "egress", problem))
    _refuse(faults)
    return settings


def _credential_faults(index: int, given: GivenBackend) -> list[FieldFault]:
    path = f"backends[{index}].credential.{given.credential_kind}"
    if given.credential_kind not in ("", API_KEY):
        why = "is not supported by this release, whose gateways present API keys only; give an api_key"
        return [FieldFault(path, "unsupported", why)]
    problem = api_key_problem(given.credential) if given.credential_kind else None
    return [FieldFault(path, "secret", problem)] if problem else []


def _refuse(faults: list[FieldFault]) -> None:
    if faults:
        first = f"{faults[0].path} {faults[0]}"
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InvalidInput(f"{first}{more}", tuple(faults), reason="BACKENDS_INVALID")


async def _origins(
    work: UnitOfWork, workspace_id: str, settings: tuple[OwnBackend, ...]
) -> tuple[list[str], list[FieldFault]]:
    """Where each credential may be sent; empty, with a fault, where that cannot be told."""
    needed = any(not one.base_url for one in settings)
    source = await work.documents.get(workspace_id, "") if needed else None
    workspace = parse_workspace(json.loads(source.content)) if source else None
    origins, faults = [], []
    for index, one in enumerate(settings):
        if one.base_url:
            origins.append(origin_of_url(one.base_url))
            continue
        found = origins_of(workspace, one.provider or "") if workspace else ()
        if len(found) != 1:
            where = f"in {len(found)} places ({', '.join(found)})" if found else "nowhere"
            why = f"the workspace reaches {one.provider!r} {where}; give a base_url"
            faults.append(FieldFault(f"backends[{index}].provider", "reference", why))
        origins.append(found[0] if len(found) == 1 else "")
    return origins, faults


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


def _last_four(value: str) -> str:
    return value[-4:] if len(value) >= SHORTEST_TOLD else ""


def _as_answer(backends: BackendSet) -> bytes:
    view = shown(backends)
    rows = [
        [one.name, one.provider, one.credential_kind, one.last_four, one.created_at.isoformat()]
        for one in view.backends
    ]
    return json.dumps({"backends": rows, "mode": view.mode.value if view.mode else "", "etag": view.etag}).encode()


def _read_answer(answer: bytes) -> ShownSet:
    kept = json.loads(answer)
    rows = tuple(
        ShownBackend(name, provider, kind, last_four, datetime.fromisoformat(created_at))
        for name, provider, kind, last_four, created_at in kept["backends"]
    )
    return ShownSet(rows, BackendMode(kept["mode"]) if kept["mode"] else None, kept["etag"])
