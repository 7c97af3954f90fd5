"""A transactional store: everything read and written inside one unit of work is atomic.

`Unavailable` is raised when the database cannot answer within its bounded wait, and then nothing was committed unless
the commit itself was under way. `Overloaded`, an Unavailable, says that the database is there and every place is taken.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controlplane.domain.configurations import Configuration
from controlplane.domain.events import Event
from controlplane.services.ports.audit import Audit
from controlplane.services.ports.backends import Backends
from controlplane.services.ports.documents import Documents, DocumentVersions
from controlplane.services.ports.events import Events
from controlplane.services.ports.repositories import (
    Answers,
    Configurations,
    Dataplanes,
    Keys,
    Secrets,
    Values,
    Workspaces,
)
from controlplane.services.ports.revocations import Revocations
from controlplane.services.ports.sealed import Sealed
from controlplane.services.ports.slots import Slots
from controlplane.services.ports.task_leases import FullSyncs, TaskLeases
from controlplane.services.ports.upgrades import Upgrades


class UnitOfWork(Protocol):
    """One transaction: commits when its block ends well, rolls back when it raises; nobody else commits."""

    workspaces: Workspaces
    configurations: Configurations
    values: Values
    revocations: Revocations
    documents: Documents
    document_versions: DocumentVersions
    backends: Backends
    secrets: Secrets
    dataplanes: Dataplanes
    events: Events
    slots: Slots
    keys: Keys
    answers: Answers
    audit: Audit
    sealed: Sealed
    task_leases: TaskLeases
    full_syncs: FullSyncs
    upgrades: Upgrades

    async def now(self) -> datetime:
        """The store's time, for leases and expiry: never goes back within a store."""

    def announce(self, notice: Notice) -> None:
        """Tell every replica, this one too, after the commit."""


@dataclass(frozen=True, slots=True)
class Made:
    """All that a unit of work made that polls are told of: the workspace's (revision, event cursor) `before` and
    `after` it, and what lies between them. Who holds `before` in memory need not read it again."""

    before: tuple[int, int]
    after: tuple[int, int]
    configurations: tuple[Configuration, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something of a workspace changed; with nothing else set: read what is newer.

    `closed_event` names an event that is no longer pending (`<data plane>/<event>/<cursor it was pending under>`),
    `identity` a data plane or management key whose cached record must be dropped. `made` goes no further than this
    process.
    """

    workspace_id: str
    closed_event: str = ""
    identity: str = ""
    made: Made | None = field(default=None, compare=False, repr=False)


class Store(Protocol):
    """The database. `shared`: other processes may use it at the same time."""

    @property
    def shared(self) -> bool: ...

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A writing transaction (on SQLite the one writer)."""

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A reading transaction: one consistent snapshot; writes are refused."""

    async def epoch(self) -> str:
        """Random identity of this store's history."""

    def notices(self) -> AsyncIterator[Notice]:
        """Every notice of every replica from now on. A lost connection yields `Notice("")`: read everything again."""

    async def ping(self) -> None:
        """Raises Unavailable when the database does not answer."""
