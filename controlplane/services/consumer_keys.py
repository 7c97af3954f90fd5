"""Consumer keys: signed and shown once; a consumer's first key makes its document, in the same transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta

from contract import parse_consumer
from controlplane.domain.callers import Caller, ManagementCaller, Role
from controlplane.domain.configurations import ConfigurationState
from controlplane.domain.keys import ConsumerKey, SeenConsumerKey
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management
from controlplane.services.answers import RequestKey, first_time, remember
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
    """The record, the key to show once, the revision by which data planes let it in."""

    key: ConsumerKey
    secret: str = field(repr=False)
    revision: int


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
            await first_time(work, request)
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
            await remember(work, request, issued)
            return issued

    async def list_keys(
        self, caller: Caller, workspace_id: str, consumer_id: str, after: str, limit: int
    ) -> list[SeenConsumerKey]:
        """Records, ascending by jti, with what became of them; never the keys themselves."""
        management = require_management(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, management, workspace_id)
            found = await work.keys.consumer_keys(workspace.id, consumer_id, after, limit)
            revoked = await work.revocations.of(workspace.id, [key.jti for key in found])
            now = await work.now()
            return [SeenConsumerKey(key, revoked.get(key.jti), now) for key in found]

    async def _known_from(
        self, work: UnitOfWork, workspace: Workspace, caller: ManagementCaller, consumer_id: str
    ) -> int:
        """Make the consumer's document (enabled, defaults) when it has none, or none any more."""
        newest = await work.configurations.newest(workspace.id, consumer_id)
        if newest is not None and newest.state is not ConfigurationState.REMOVED:
            return newest.revision
        source = await store_default(work, self._ids, workspace, consumer_id)
        compiled = compile_consumer(ConsumerSnapshot(parse_consumer(json.loads(source.content))))
        cause = Cause(reason="first key issued" if newest is None else "key issued after the removal")
        published = await self._publisher.publish(work, workspace, consumer_id, compiled, cause, force=False)
        await keep_version(work, source, change_by(caller, cause.reason), published.configuration.version)
        return published.revision
