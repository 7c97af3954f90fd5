"""Consumer keys: signed and shown once; a consumer's first key makes its document, in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from contract import ConsumerDocument, canonical_bytes
from controlplane.domain.callers import Caller, Role
from controlplane.domain.documents import SourceDocument
from controlplane.domain.keys import ConsumerKey
from controlplane.domain.workspaces import Workspace
from controlplane.services.access import reach_workspace, require_management
from controlplane.services.gatekeeper import Gatekeeper
from controlplane.services.ports import Clock, Ids, Store, UnitOfWork
from controlplane.services.publishing import Cause, Publisher
from controlplane.valet.compiling import compile_consumer

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
    """The record, the key to show once, and the revision from which data planes know the consumer."""

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

    async def issue(self, caller: Caller, command: IssueConsumerKey) -> IssuedKey:
        """Needs the role operator. Any number of keys of a known consumer costs no configuration change."""
        management = require_management(caller)
        now = self._clock.now()
        async with self._store.unit_of_work() as work:
            reached = await reach_workspace(work, management, command.workspace_id, Role.OPERATOR)
            workspace = await work.workspaces.lock(reached.id) or reached
            key = ConsumerKey(
                jti=self._ids.new("ck"),
                workspace_id=workspace.id,
                consumer_id=command.consumer_id,
                name=command.name,
                created_at=now,
                expires_at=now + (command.lifetime or DEFAULT_LIFETIME),
            )
            await work.keys.add_consumer_key(key)
            secret = await self._gatekeeper.sign(work, key)
            return IssuedKey(key, secret, await self._known_from(work, workspace, command.consumer_id))

    async def list_keys(
        self, caller: Caller, workspace_id: str, consumer_id: str, after: str, limit: int
    ) -> list[ConsumerKey]:
        """Records, ascending by jti; never the keys themselves."""
        management = require_management(caller)
        async with self._store.reading() as work:
            workspace = await reach_workspace(work, management, workspace_id)
            return await work.keys.consumer_keys(workspace.id, consumer_id, after, limit)

    async def _known_from(self, work: UnitOfWork, workspace: Workspace, consumer_id: str) -> int:
        """Make the consumer's document (enabled, defaults) when it has none."""
        newest = await work.configurations.newest(workspace.id, consumer_id)
        if newest is not None:
            return newest.revision
        document = ConsumerDocument(version="consumer/v1", consumer_id=consumer_id)
        source = SourceDocument(
            workspace.id, consumer_id, canonical_bytes(document), self._ids.new("etg"), 1, await work.now()
        )
        await work.documents.put(source)
        cause = Cause(reason="first key issued")
        published = await self._publisher.publish(
            work, workspace, consumer_id, compile_consumer(document), cause, force=False
        )
        return published.revision
