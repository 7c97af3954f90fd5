"""Consumer keys: signed and shown once; a consumer's first key makes its document, in the same transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contract import parse_consumer
from controlplane.domain.callers import Caller, ManagementCaller, Role
from controlplane.domain.keys import ConsumerKey
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management
from controlplane.services.answers import RequestKey, remember, repeated
from controlplane.services.audit import Facts, record
from controlplane.services.gatekeeper import Gatekeeper
from controlplane.services.lifetimes import ends_at
from controlplane.services.ports import Clock, Ids, Store, UnitOfWork
from controlplane.services.publishing import Cause, Publisher
from controlplane.services.sources import change_by, keep_version, store_default
from controlplane.valet.compiling import ConsumerSnapshot, compile_consumer

DEFAULT_LIFETIME = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class IssueConsumerKey:
    """A key for a consumer; `lifetime` None: a year."""

    workspace_id: str
    consumer_id: str
    name: str = ""
    lifetime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """The record, the key to show once (empty for a repeated request), the revision by which data planes let it in."""

    key: ConsumerKey
    secret: str = field(repr=False)
    revision: int

    def as_answer(self) -> bytes:
        """What is kept to answer a repeated request: everything but the key itself."""
        key = self.key
        kept = {"jti": key.jti, "created_at": key.created_at.isoformat(), "expires_at": key.expires_at.isoformat()}
        return json.dumps({**kept, "revision": self.revision}).encode()


class ConsumerKeyService:
    """Use cases of consumer keys."""

    def __init__(self, store: Store, gatekeeper: Gatekeeper, publisher: Publisher, ids: Ids, clock: Clock) -> None:
        self._store = store
        self._gatekeeper = gatekeeper
        self._publisher = publisher
        self._ids = ids
        self._clock = clock

    async def issue(self, caller: Caller, command: IssueConsumerKey, request: RequestKey | None = None) -> IssuedKey:
        """Needs the role operator. Any number of keys of a known consumer costs no configuration change."""
        management = require_management(caller)
        now = self._clock.now()
        async with self._store.unit_of_work() as work:
            reached = await reach_workspace(work, management, command.workspace_id, Role.OPERATOR)
            workspace = await work.workspaces.lock(reached.id) or reached
            earlier = await repeated(work, request)
            if earlier is not None:
                return _issued_before(workspace, command, earlier)
            key = ConsumerKey(
                jti=self._ids.new("ck"),
                workspace_id=workspace.id,
                consumer_id=command.consumer_id,
                name=command.name,
                created_at=now,
                expires_at=ends_at(now, DEFAULT_LIFETIME if command.lifetime is None else command.lifetime),
            )
            await work.keys.add_consumer_key(key)
            secret = await self._gatekeeper.sign(work, key)
            known_from = await self._known_from(work, workspace, management, command.consumer_id)
            issued = IssuedKey(key, secret, max(known_from, await self._gatekeeper.known_from(work, workspace.id)))
            facts: Facts = {"consumer": key.consumer_id, "name": key.name, "expires_at": key.expires_at.isoformat()}
            await record(work, management, "consumer_key.issue", key.jti, workspace, facts)
            await remember(work, request, issued.as_answer())
            return issued

    async def list_keys(
        self, caller: Caller, workspace_id: str, consumer_id: str, after: str, limit: int
    ) -> list[ConsumerKey]:
        """Records, ascending by jti; never the keys themselves."""
        management = require_management(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, management, workspace_id)
            return await work.keys.consumer_keys(workspace.id, consumer_id, after, limit)

    async def _known_from(
        self, work: UnitOfWork, workspace: Workspace, caller: ManagementCaller, consumer_id: str
    ) -> int:
        """Make the consumer's document (enabled, defaults) when it has none."""
        newest = await work.configurations.newest(workspace.id, consumer_id)
        if newest is not None:
            return newest.revision
        source = await store_default(work, self._ids, workspace, consumer_id)
        compiled = compile_consumer(ConsumerSnapshot(parse_consumer(json.loads(source.content))))
        cause = Cause(reason="first key issued")
        published = await self._publisher.publish(work, workspace, consumer_id, compiled, cause, force=False)
        await keep_version(work, source, change_by(caller, cause.reason), published.configuration.version)
        return published.revision


def _issued_before(workspace: Workspace, command: IssueConsumerKey, answer: bytes) -> IssuedKey:
    """The same body made it, so the rest of the record is in the command."""
    kept = json.loads(answer)
    key = ConsumerKey(
        jti=kept["jti"],
        workspace_id=workspace.id,
        consumer_id=command.consumer_id,
        name=command.name,
        created_at=datetime.fromisoformat(kept["created_at"]),
        expires_at=datetime.fromisoformat(kept["expires_at"]),
    )
    return IssuedKey(key, "", kept["revision"])
